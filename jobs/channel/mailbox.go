package channel

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// Mailbox is where bounces and delivery reports arrive: a mailbox for them
// alone, read by IMAP.
type Mailbox struct {
	Server
	Marks Marks
	Now   func() time.Time

	counts [5]atomic.Int64 // by the order of Bounces
}

// ParseMailbox reads where a mailbox is: imaps://user:password@host:993/FOLDER,
// INBOX when none is said.
func ParseMailbox(text string) (*Mailbox, error) {
	b := &Mailbox{}
	if err := b.parse(text, map[string]way{"imaps": {"993", "implicit"}}); err != nil {
		return nil, err
	}
	if b.User == "" {
		return nil, errors.New("a mailbox needs a user")
	}
	if b.Folder == "" {
		b.Folder = "INBOX"
	}
	return b, nil
}

// Counts says how many mails of each kind this node has read.
func (b *Mailbox) Counts() map[string]int64 {
	out := map[string]int64{}
	for i, kind := range Bounces {
		out[kind] = b.counts[i].Load()
	}
	return out
}

// mailboxLot is how many mails one look at the mailbox takes.
const mailboxLot = 200

// Read takes every new mail and hands on what it reports. A mail is marked as
// read only when take has kept its report; one that take does not keep stays new
// and holds up no other. What is no report is flagged for a person, and not read
// again. Two nodes may read at once: a report may come twice.
func (b *Mailbox) Read(ctx context.Context, take func(context.Context, Report) error) error {
	c, done, err := b.open(ctx)
	if err != nil {
		return err
	}
	defer done()
	found, err := c.UIDSearch(&imap.SearchCriteria{NotFlag: []imap.Flag{imap.FlagSeen}}, nil).Wait()
	if err != nil {
		return b.fault(ctx, "search", err)
	}
	uids := found.AllUIDs()
	var failed error
	for _, uid := range uids[:min(len(uids), mailboxLot)] {
		if err := b.one(ctx, c, uid, take); err != nil {
			failed = errors.Join(failed, err)
		}
		if ctx.Err() != nil {
			break
		}
	}
	return failed
}

// one reads one mail.
func (b *Mailbox) one(ctx context.Context, c *imapclient.Client, uid imap.UID, take func(context.Context, Report) error) error {
	section := &imap.FetchItemBodySection{Peek: true, Partial: &imap.SectionPartial{Size: bounceBytes}}
	got, err := c.Fetch(imap.UIDSetNum(uid), &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{section}}).Collect()
	if err != nil {
		return b.fault(ctx, "fetch", err)
	}
	if len(got) == 0 || len(got[0].BodySection) == 0 {
		return nil // another node's, or gone
	}
	kind, report := b.safely(got[0].BodySection[0].Bytes)
	if kind == bounceReport {
		if err := take(ctx, report); err != nil {
			return fmt.Errorf("a report stays in the mailbox: %w", err)
		}
	}
	flags := []imap.Flag{imap.FlagSeen}
	if kind == bounceOther {
		flags = append(flags, imap.FlagFlagged)
	}
	if err := c.Store(imap.UIDSetNum(uid), &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: flags, Silent: true}, nil).Close(); err != nil {
		return b.fault(ctx, "mark", err)
	}
	for i, k := range Bounces {
		if k == kind {
			b.counts[i].Add(1)
		}
	}
	return nil
}

// safely reads a mail that anybody may have written: one that breaks the reader
// is set aside like any other that is no report.
func (b *Mailbox) safely(text []byte) (kind string, report Report) {
	defer func() {
		if recover() != nil {
			kind = bounceOther
		}
	}()
	return b.Marks.read(bytes.NewReader(text), b.Now())
}

// open logs in and opens the folder. The connection ends with ctx.
func (b *Mailbox) open(ctx context.Context) (c *imapclient.Client, done func(), err error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", b.Address)
	if err != nil {
		return nil, nil, b.fault(ctx, "reach", err)
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	secure := tls.Client(conn, b.secure())
	if err := secure.HandshakeContext(ctx); err != nil {
		stop()
		_ = conn.Close()
		return nil, nil, b.fault(ctx, "tls", err)
	}
	c = imapclient.New(secure, nil)
	done = func() { stop(); _ = c.Close() }
	if err = c.Login(b.User, b.Password).Wait(); err != nil {
		err = b.fault(ctx, "login", err)
	} else if _, err = c.Select(b.Folder, nil).Wait(); err != nil {
		err = b.fault(ctx, "folder", err)
	}
	if err != nil {
		done()
		return nil, nil, err
	}
	return c, done, nil
}

// fault says at what reading failed, and nothing of what the server said: it may
// quote a mail.
func (b *Mailbox) fault(ctx context.Context, at string, _ error) error {
	if ctx.Err() != nil {
		at = "timeout"
	}
	return &Fault{Code: "bounces." + at}
}
