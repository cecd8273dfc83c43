package wget

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// tlsConfig reads the files that the TLS flags name.
func (f *flags) tlsConfig() (*tls.Config, error) {
	c := &tls.Config{InsecureSkipVerify: f.insecure}
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
