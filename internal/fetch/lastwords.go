package fetch

import (
	"crypto/tls"
	"io"
	"net"
)

// lastWords is a connection on which a write does not fail because the server
// has gone. The reads after it yield all that the server said before it went,
// such as the alert that says why, and only then the write's error: crypto/tls
// would not read on after a failed write.
type lastWords struct {
	net.Conn
	gone error // what a write met
}

func (c *lastWords) Write(p []byte) (int, error) {
	if c.gone != nil {
		return len(p), nil
	}
	n, err := c.Conn.Write(p)
	if err != nil && isErrno(err, resets()) {
		c.gone = err
		return len(p), nil
	}
	return n, err
}

func (c *lastWords) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if err == io.EOF && c.gone != nil {
		err = c.gone
	}
	return n, err
}

// hiddenWriteError is the error that a write to the stream met and did not
// return.
func hiddenWriteError(stream net.Conn) error {
	if client, secure := stream.(*tls.Conn); secure {
		return client.NetConn().(*lastWords).gone
	}
	return nil
}
