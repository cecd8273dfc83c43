package fetch

import (
	"fmt"
	"net/netip"
)

// resolve finds the addresses to connect to, best first.
func (t *trip) resolve() *Error {
	t.port = t.target.Port
	o := &t.v.f.options
	if t.target.Addr.IsValid() && o.Family == 0 && len(o.Routes) == 0 {
		t.setAddr(t.target.Addr)
		return nil
	}
	name, err := t.destination()
	if err == nil && len(t.addrs) == 0 {
		t.addrs, err = t.v.f.resolver.lookup(name, t.v.whole)
		t.reply.Times.DNS = t.v.elapsed()
	}
	if err != nil {
		return newError(StageDNS, err)
	}
	return nil
}

// destination sets the addresses to connect to, and the port, or returns the
// name that they are to be looked up by.
func (t *trip) destination() (name string, err error) {
	o := &t.v.f.options
	name, addr, port := o.detour(t.target)
	t.port = port
	if addrs := t.v.f.known(name, port); addrs != nil {
		t.addrs = ofFamily(addrs, o.Family)
	} else if !addr.IsValid() {
		return name, nil
	} else if o.Family == 0 || addr.Is4() == (o.Family == 4) {
		t.setAddr(addr)
	}
	if len(t.addrs) == 0 {
		return "", noneOfFamily(o)
	}
	return "", nil
}

// noneOfFamily is the error for a host without an address of the family that is
// asked for, or that the local address has.
func noneOfFamily(o *Options) error {
	err := fmt.Errorf("no IPv%d address", o.Family)
	if o.LocalAddr.IsValid() {
		err = fmt.Errorf("no IPv%d address, as a connection from %s needs", o.Family, o.LocalAddr)
	}
	return &Error{Stage: StageDNS, Kind: KindNotFound, Err: err}
}

func (t *trip) setAddr(addr netip.Addr) {
	t.oneAddr[0] = addr
	t.addrs = t.oneAddr[:]
}
