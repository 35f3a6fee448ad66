package storetest

import (
	"bytes"
	"encoding/binary"
	"net"
	"net/url"
	"sync"
	"testing"
	"time"
)

// Proxy stands between a client and PostgreSQL and does what networks do. It
// reads the protocol, so that it can cut a connection exactly at a COMMIT.
type Proxy struct {
	listener net.Listener
	target   string

	mu     sync.Mutex
	links  map[*link]bool
	frozen bool
	delay  time.Duration
	mode   CommitFault
	aim    int // cut the next so many commits
	cut    int
}

// CommitFault is where a connection is cut around a COMMIT.
type CommitFault int

const (
	// CommitLost keeps the COMMIT from the server: nothing of it becomes durable.
	CommitLost CommitFault = iota
	// CommitRaced hands it on and cuts at once: nobody can say.
	CommitRaced
	// AnswerLost lets it become durable and keeps the answer from the client.
	AnswerLost
)

// NewProxy listens for the server of a URL and returns itself and the URL that
// leads through it.
func NewProxy(t testing.TB, server string) (*Proxy, string) {
	t.Helper()
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{listener: l, target: u.Host, links: map[*link]bool{}}
	u.Host = l.Addr().String()
	q := u.Query()
	q.Set("sslmode", "disable") // the proxy reads what goes by
	u.RawQuery = q.Encode()
	go p.serve()
	t.Cleanup(func() { _ = l.Close(); p.Freeze(false); p.Cut() })
	return p, u.String()
}

// AtCommit cuts the next n connections that commit a group of the door.
func (p *Proxy) AtCommit(mode CommitFault, n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mode, p.aim = mode, n
}

// Cuts is how many connections were cut at a COMMIT.
func (p *Proxy) Cuts() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cut
}

// Delay holds every packet back, in both directions.
func (p *Proxy) Delay(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.delay = d
}

// Freeze lets nothing pass and says nothing: the other end is gone and nobody
// told. Old connections stay dead; new ones are accepted and left alone.
func (p *Proxy) Freeze(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.frozen = on
	if !on {
		for l := range p.links {
			if l.dead {
				l.close()
			}
		}
	}
}

// Cut closes every connection.
func (p *Proxy) Cut() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.links)
	for l := range p.links {
		l.close()
	}
	return n
}

func (p *Proxy) serve() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.target)
		if err != nil {
			_ = client.Close()
			continue
		}
		l := &link{p: p, client: client, server: server, texts: map[string]string{}}
		p.mu.Lock()
		p.links[l] = true
		p.mu.Unlock()
		go l.pump(client, server, l.fromClient)
		go l.pump(server, client, l.fromServer)
	}
}

// link is one connection through the proxy.
type link struct {
	p              *Proxy
	client, server net.Conn
	dead           bool
	up, down       []byte            // the beginning of a message
	begun          bool              // the start-up message, which has no type, has gone by
	texts          map[string]string // of prepared statements
	writes         bool              // the transaction wrote events
	doomed         bool              // its answer is not to arrive
}

func (l *link) close() {
	_ = l.client.Close()
	_ = l.server.Close()
	delete(l.p.links, l)
}

func (l *link) pump(from, to net.Conn, see func([]byte) (pass []byte, end bool)) {
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		if err != nil {
			break
		}
		l.p.mu.Lock()
		delay := l.p.delay
		l.dead = l.dead || l.p.frozen
		dead := l.dead
		pass, end := see(buf[:n])
		l.p.mu.Unlock()
		if dead {
			continue
		}
		time.Sleep(delay)
		if _, err := to.Write(pass); err != nil || end {
			break
		}
	}
	l.p.mu.Lock()
	defer l.p.mu.Unlock()
	if !l.dead {
		l.close()
	}
}

// fromClient looks for the COMMIT of a transaction that wrote events.
func (l *link) fromClient(data []byte) (pass []byte, end bool) {
	l.up = append(l.up, data...)
	commit := false
	for {
		head := 1
		if !l.begun {
			head = 0
		}
		if len(l.up) < head+4 {
			break
		}
		size := head + int(binary.BigEndian.Uint32(l.up[head:]))
		if len(l.up) < size {
			break
		}
		if l.begun {
			commit = l.message(l.up[0], l.up[5:size]) || commit
		}
		l.begun = true
		l.up = l.up[size:]
	}
	if !commit || l.p.aim == 0 {
		return data, false
	}
	l.p.aim--
	l.p.cut++
	switch l.p.mode {
	case CommitLost:
		return nil, true
	case CommitRaced:
		return data, true
	}
	l.doomed = true
	return data, false
}

// message reports whether one message runs the COMMIT of a group.
func (l *link) message(kind byte, body []byte) bool {
	text := ""
	switch kind {
	case 'P': // a name and its statement
		parts := bytes.SplitN(body, []byte{0}, 3)
		l.texts[string(parts[0])] = string(parts[1])
	case 'B': // a portal and the name of a statement
		parts := bytes.SplitN(body, []byte{0}, 3)
		text = l.texts[string(parts[1])]
	case 'Q':
		text = string(bytes.TrimRight(body, "\x00"))
	}
	switch {
	case bytes.Contains([]byte(text), []byte("insert into events")):
		l.writes = true
	case text == "commit":
		wrote := l.writes
		l.writes = false
		return wrote
	}
	return false
}

// fromServer cuts a doomed connection when the server is done with its COMMIT.
func (l *link) fromServer(data []byte) (pass []byte, end bool) {
	if !l.doomed {
		return data, false
	}
	l.down = append(l.down, data...)
	return nil, bytes.HasSuffix(l.down, []byte{'Z', 0, 0, 0, 5, 'I'})
}
