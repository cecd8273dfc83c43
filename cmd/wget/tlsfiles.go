package wget

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// tlsConfig reads the TLS flags and the files that they name.
func (f *flags) tlsConfig() (*tls.Config, error) {
	c := &tls.Config{InsecureSkipVerify: f.insecure}
	if err := f.setVersions(c); err != nil {
		return nil, err
	}
	var err error
	if c.CurvePreferences, err = parseEach(f.curves, parseCurve, showing("--curves %q: %w")); err != nil {
		return nil, err
	}
	if f.caFile != "" {
		roots, err := readRoots(f.caFile)
		if err != nil {
			return nil, tlsFileError("--ca-certificate", f.caFile, err)
		}
		c.RootCAs = roots
	}
	if f.certFile != "" {
		keyFile := f.keyFile
		if keyFile == "" {
			keyFile = f.certFile
		}
		pair, err := tls.LoadX509KeyPair(f.certFile, keyFile)
		if err != nil {
			return nil, tlsFileError("--certificate", f.certFile, err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}

// setVersions reads --tls-min and --tls-max. A latest version that is older than
// the oldest by default is the only one.
func (f *flags) setVersions(c *tls.Config) (err error) {
	if f.tlsMin != "" {
		if c.MinVersion, err = parseTLSVersion(f.tlsMin); err != nil {
			return usage("--tls-min %q: %w", f.tlsMin, err)
		}
	}
	if f.tlsMax != "" {
		if c.MaxVersion, err = parseTLSVersion(f.tlsMax); err != nil {
			return usage("--tls-max %q: %w", f.tlsMax, err)
		}
		if f.tlsMin == "" && !f.insecure && c.MaxVersion < tls.VersionTLS12 {
			c.MinVersion = c.MaxVersion
		}
		if c.MinVersion > c.MaxVersion {
			return usage("--tls-min %s is later than --tls-max %s", f.tlsMin, f.tlsMax)
		}
	}
	return nil
}

// lookAtAnything lifts, for this process, the bounds that Go's crypto packages
// let be lifted by the environment alone: on small and on huge RSA keys, on
// negative serial numbers, on SHA-1 in handshakes. Without -k the bounds hold,
// which they would not if they were //go:debug lines of the program. The user's
// own settings come last, and win.
func lookAtAnything() error {
	settings := "rsa1024min=0,tlsmaxrsasize=16384,x509negativeserial=1,tlssha1=1"
	if own := os.Getenv("GODEBUG"); own != "" {
		settings += "," + own
	}
	return os.Setenv("GODEBUG", settings)
}

// tlsFiles lists the files that tlsConfig reads.
func (f *flags) tlsFiles() (list []file) {
	for _, one := range []struct{ flag, name string }{
		{"--ca-certificate", f.caFile}, {"--certificate", f.certFile}, {"--private-key", f.keyFile},
	} {
		if one.name != "" {
			list = append(list, namedFile(one.flag, one.name))
		}
	}
	return list
}

func readRoots(file string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, errors.New("no certificate in PEM form")
	}
	return roots, nil
}

// tlsFileError tells a file that cannot be read from a file that holds something
// else. The former's error names the file already.
func tlsFileError(flag, file string, err error) error {
	if path := new(fs.PathError); errors.As(err, &path) {
		return fileError(fmt.Errorf("%s: %w", flag, err))
	}
	return usage("%s %s: %w", flag, file, err)
}
