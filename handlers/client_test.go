package handlers

import (
	"net/http"
	"strings"
	"testing"
)

func TestWhereTheAddressComesFrom(t *testing.T) {
	const proxies = "10.0.0.0/8, 2001:db8::/32 127.0.0.1"
	for name, tt := range map[string]struct{ way, peer, xff, real, want string }{
		"direct":                      {Direct, "203.0.113.9:1234", "1.1.1.1", "2.2.2.2", "203.0.113.9"},
		"direct, mapped":              {Direct, "[::ffff:203.0.113.9]:1234", "", "", "203.0.113.9"},
		"direct, zone":                {Direct, "[fe80::1%eth0]:1234", "", "", "fe80::1"},
		"one proxy":                   {ForwardedFor, "10.0.0.1:1", "203.0.113.9", "2.2.2.2", "203.0.113.9"},
		"spoofed before the client":   {ForwardedFor, "10.0.0.1:1", "1.1.1.1, 10.9.9.9, 203.0.113.9", "", "203.0.113.9"},
		"two proxies":                 {ForwardedFor, "10.0.0.1:1", "1.1.1.1, 203.0.113.9, 10.2.2.2", "", "203.0.113.9"},
		"header from a stranger":      {ForwardedFor, "203.0.113.9:1", "1.1.1.1", "", "203.0.113.9"},
		"a proxy itself":              {ForwardedFor, "10.0.0.1:1", "", "", "10.0.0.1"},
		"nonsense":                    {ForwardedFor, "10.0.0.1:1", "1.1.1.1, x", "", "10.0.0.1"},
		"nonsense behind a proxy":     {ForwardedFor, "10.0.0.1:1", "1.1.1.1, x, 10.2.2.2", "", "10.2.2.2"},
		"only proxies":                {ForwardedFor, "10.0.0.1:1", "10.3.3.3, 10.2.2.2", "", "10.3.3.3"},
		"with a port":                 {ForwardedFor, "10.0.0.1:1", "203.0.113.9:555", "", "203.0.113.9"},
		"IPv6 with brackets":          {ForwardedFor, "[2001:db8::1]:1", "[2001:db9::7]", "", "2001:db9::7"},
		"IPv6 with brackets and port": {ForwardedFor, "[2001:db8::1]:1", "[2001:db9::7]:80", "", "2001:db9::7"},
		"real address":                {RealIP, "127.0.0.1:1", "1.1.1.1", "203.0.113.9", "203.0.113.9"},
		"real address of a stranger":  {RealIP, "203.0.113.9:1", "", "1.1.1.1", "203.0.113.9"},
		"real address, list":          {RealIP, "127.0.0.1:1", "", "1.1.1.1, 203.0.113.9", "203.0.113.9"},
	} {
		trusted := proxies
		if tt.way == Direct {
			trusted = ""
		}
		c, err := ParseClients(tt.way, trusted)
		if err != nil {
			t.Fatal(name, err)
		}
		r := &http.Request{RemoteAddr: tt.peer, Header: http.Header{}}
		for _, part := range strings.Split(tt.xff, "|") {
			r.Header.Add("X-Forwarded-For", part)
		}
		if tt.real != "" {
			r.Header.Set("X-Real-Ip", tt.real)
		}
		if got := c.of(r).String(); got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
}

func TestAChoiceThatCannotWork(t *testing.T) {
	for _, tt := range [][3]string{
		{"guess", "", "not one of"}, {ForwardedFor, "", "needs the proxies"}, {RealIP, " ,", "needs the proxies"}, {ForwardedFor, "10.0.0.0/33", "neither"},
		{ForwardedFor, "proxy.example", "neither"}, {ForwardedFor, "0.0.0.0/0", "whole world"}, {Direct, "10.0.0.0/8", "no use"},
	} {
		if _, err := ParseClients(tt[0], tt[1]); err == nil || !strings.Contains(err.Error(), tt[2]) {
			t.Errorf("%v: %v", tt, err)
		}
	}
}

func TestAddressesThatShareABudget(t *testing.T) {
	same := func(a, b string) bool { return addressKey(address(a)) == addressKey(address(b)) }
	if !same("2001:db8:1:2::1", "2001:db8:1:2:ffff::9") || same("2001:db8:1:2::1", "2001:db8:1:3::1") || same("1.2.3.4", "1.2.3.5") || !same("::ffff:1.2.3.4", "1.2.3.4") {
		t.Error("an IPv6 network of 64 bits is one customer, an IPv4 address another")
	}
}
