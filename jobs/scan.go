package jobs

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"time"

	"fangxin/store"
)

// ParseClamd reads where clamd listens: tcp://host:port, or unix:///path, or a
// path.
func ParseClamd(where string) (network, address string, err error) {
	u, err := url.Parse(where)
	switch {
	case err == nil && u.Scheme == "tcp" && u.Port() != "" && u.Hostname() != "" && strings.Trim(u.Path, "/") == "":
		return "tcp", u.Host, nil
	case err == nil && u.Scheme == "unix" && u.Host == "" && strings.HasPrefix(u.Path, "/"):
		return "unix", u.Path, nil
	case strings.HasPrefix(where, "/"):
		return "unix", where, nil
	}
	return "", "", errors.New("write tcp://host:3310, or unix:///run/clamav/clamd.ctl")
}

// dialClamd is how long clamd may take to be there.
const dialClamd = 5 * time.Second

// Clamd scans by clamd's INSTREAM. Whatever it says but "OK" and "FOUND" is an
// error: then the file was not scanned.
func Clamd(network, address string) store.Scan {
	return func(ctx context.Context, from io.Reader) (bool, error) {
		d := net.Dialer{Timeout: dialClamd}
		conn, err := d.DialContext(ctx, network, address)
		if err != nil {
			return false, err
		}
		defer func() { _ = conn.Close() }()
		stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
		defer stop()
		source := &readable{from: from}
		sent := instream(conn, source) // clamd may answer, and hang up, before it has everything
		if source.fault != nil {       // it waits for the rest
			return false, source.fault
		}
		said, err := bufio.NewReader(io.LimitReader(conn, 4096)).ReadString(0)
		said = strings.TrimSpace(strings.TrimSuffix(said, "\x00"))
		switch {
		case strings.HasSuffix(said, " FOUND"):
			return true, nil
		case sent == nil && said == "stream: OK":
			return false, nil
		}
		return false, fmt.Errorf("clamd: %w", errors.Join(sent, err, errors.New("answered "+quoted(said))))
	}
}

// readable keeps a fault of the file apart from one of the line to clamd.
type readable struct {
	from  io.Reader
	fault error
}

func (r *readable) Read(p []byte) (int, error) {
	n, err := r.from.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		r.fault = err
	}
	return n, err
}

// quoted keeps of an answer what a line of a log can hold.
func quoted(said string) string { return fmt.Sprintf("%.80q", said) }

// instream sends a stream in pieces, each with its length before it.
func instream(to io.Writer, from io.Reader) error {
	if _, err := io.WriteString(to, "zINSTREAM\x00"); err != nil {
		return err
	}
	piece := make([]byte, 4+64<<10)
	for {
		n, err := io.ReadFull(from, piece[4:])
		if n > 0 {
			binary.BigEndian.PutUint32(piece, uint32(n))
			if _, err := to.Write(piece[:4+n]); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			_, err := to.Write(make([]byte, 4))
			return err
		}
		if err != nil {
			return err
		}
	}
}
