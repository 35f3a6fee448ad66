package handlers

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// Clients says where the client's address comes from. The zero value takes the
// connection's own: nothing that a client writes changes it.
type Clients struct {
	header  string // X-Forwarded-For or X-Real-IP, "" for none
	trusted []netip.Prefix
}

// Ways in which an address can be found: what FANGXIN_CLIENT_ADDRESS may say.
const (
	Direct       = "direct"          // of the connection
	ForwardedFor = "x-forwarded-for" // the last one that no trusted proxy has
	RealIP       = "x-real-ip"       // as the trusted proxy says
)

// ParseClients reads the choice and the proxies that are trusted, as networks
// (CIDR) or single addresses separated by commas. A header is believed from a
// trusted proxy only, so the ways that read one need at least one.
func ParseClients(way, proxies string) (Clients, error) {
	var c Clients
	for _, part := range strings.FieldsFunc(proxies, func(r rune) bool { return r == ',' || r == ' ' }) {
		p, err := netip.ParsePrefix(part)
		if err != nil {
			a, err := netip.ParseAddr(part)
			if err != nil {
				return c, fmt.Errorf("%q is neither an address nor a network such as 10.0.0.0/8", part)
			}
			p = netip.PrefixFrom(a, a.BitLen())
		}
		if p.Bits() == 0 {
			return c, fmt.Errorf("%q trusts the whole world: name your proxies", part)
		}
		c.trusted = append(c.trusted, p.Masked())
	}
	switch way {
	case Direct, "":
		if len(c.trusted) > 0 {
			return c, errors.New("trusted proxies are of no use with direct: choose x-forwarded-for or x-real-ip")
		}
	case ForwardedFor, RealIP:
		c.header = http.CanonicalHeaderKey(way)
		if len(c.trusted) == 0 {
			return c, fmt.Errorf("%s needs the proxies that may write it: anybody else's header is ignored", way)
		}
	default:
		return c, fmt.Errorf("%q is not one of %s, %s, %s", way, Direct, ForwardedFor, RealIP)
	}
	return c, nil
}

// of finds the address of a request's client. A header counts only when the
// connection comes from a trusted proxy; of a chain the last address counts that
// is no trusted proxy, because whatever stands before it the client wrote.
func (c Clients) of(r *http.Request) netip.Addr {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	peer := address(host)
	if c.header == "" || !c.trusts(peer) {
		return peer
	}
	chain := strings.Split(strings.Join(r.Header.Values(c.header), ","), ",")
	if c.header != http.CanonicalHeaderKey(ForwardedFor) {
		chain = chain[len(chain)-1:]
	}
	for _, hop := range slices.Backward(chain) {
		a := address(hop)
		if !a.IsValid() { // not written by a proxy of ours: whoever handed it on is the last we know
			return peer
		}
		if peer = a; !c.trusts(a) {
			break
		}
	}
	return peer
}

func (c Clients) trusts(a netip.Addr) bool {
	return a.IsValid() && slices.ContainsFunc(c.trusted, func(p netip.Prefix) bool { return p.Contains(a) })
}

// address reads an address as proxies write it, with or without a port.
func address(text string) netip.Addr {
	text = strings.TrimSpace(text)
	if ap, err := netip.ParseAddrPort(text); err == nil {
		return ap.Addr().Unmap().WithZone("")
	}
	a, err := netip.ParseAddr(strings.Trim(text, "[]"))
	if err != nil {
		return netip.Addr{}
	}
	return a.Unmap().WithZone("")
}

// addressKey is what an address's budget is kept under: of IPv6 the network of
// 64 bits, which is what one customer has.
func addressKey(a netip.Addr) string {
	if a.Is6() {
		p, _ := a.Prefix(64)
		return p.String()
	}
	return a.String()
}
