package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/smtp"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"fangxin/jobs"
	"fangxin/jobs/channel"
	"fangxin/store"
	"fangxin/workflow"
	"fangxin/workflow/policy"

	gosmtp "github.com/emersion/go-smtp"
)

// notices measures telling: receipts of filings are rendered and handed to a mail
// server of the same process, one by one as the law wants them, beside a client
// that hands over a letter of the same size and does nothing else; and what it
// costs intake that they are told while people file.
func (b *bench) notices(database string) error {
	sink, err := newSink()
	if err != nil {
		return err
	}
	defer sink.close()
	s, _, err := open(database, now)
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	var people atomic.Int64
	file := func() error { // everybody has a mailbox: one that got them all would be bounded
		cmd := filing()
		cmd.Private.Person.Phone, cmd.Private.Person.Email = "", fmt.Sprintf("someone%d@fx.example", people.Add(1))
		_, err := s.Execute(ctx, store.Request{Command: cmd})
		return err
	}
	mail, err := sink.channel()
	if err != nil {
		return err
	}
	var told, bare, alone, beside, meanwhile rounds
	for range b.rounds {
		v, err := drive(8, b.window, same(file)) // owes what is then told
		if err != nil {
			return err
		}
		alone = append(alone, v)
		stop := deliver(s, mail)
		if v, err = sink.taken(b.window); err == nil {
			told = append(told, v)
			before := sink.count.Load()
			if v, err = drive(8, b.window, same(file)); err == nil {
				beside = append(beside, v)
				meanwhile = append(meanwhile, speed{PerSecond: float64(sink.count.Load()-before) / b.window.Seconds()})
			}
		}
		stop()
		if err != nil {
			return err
		}
		if v, err = drive(workers(database), b.window, same(sink.hand)); err != nil {
			return err
		}
		bare = append(bare, v)
	}
	name := nameOf(database)
	b.report.add(line{what: "notices told by mail, " + name, figure: number(median(told.of(perSecond))) + "/s",
		limit: fmt.Sprintf("a bare SMTP client, %d at once: %s", workers(database), bare), ratio: number(ratio(told, bare, perSecond)), aim: "–", met: "–"})
	b.report.add(line{what: "filing by 8 callers while notices are told, " + name,
		figure: fmt.Sprintf("%s; %s/s told meanwhile", beside, number(median(meanwhile.of(perSecond)))), limit: "while none are: " + alone.String(),
		ratio: number(ratio(beside, alone, perSecond)), aim: "–", met: "–"})
	return nil
}

// workers is how many messages a node works on at once.
func workers(database string) int {
	if database == "" {
		return 4
	}
	return 16
}

// deliver runs a node's post until the function that it returns is called.
func deliver(s *store.Store, c channel.Channel) (stop func()) {
	law := workflow.Rules{Rules: policy.Default()}
	p := &jobs.Post{Store: s, Log: slog.New(slog.DiscardHandler), Now: now, Node: "bench", Channels: []channel.Channel{c},
		Rules: func() workflow.Rules { return law }, Site: "https://fx.example"}
	running, end := context.WithCancel(ctx)
	var done sync.WaitGroup
	done.Go(func() { p.Run(running) })
	return func() {
		end()
		done.Wait()
	}
}

// sink is a mail server that takes everything and keeps nothing.
type sink struct {
	*gosmtp.Server
	address string
	count   atomic.Int64
}

func newSink() (*sink, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	k := &sink{address: l.Addr().String()}
	k.Server = gosmtp.NewServer(k)
	k.Domain, k.EnableDSN, k.ErrorLog = "localhost", true, log.New(io.Discard, "", 0)
	go func() { _ = k.Serve(l) }()
	return k, nil
}

func (k *sink) close() { _ = k.Close() }

// channel is the mail channel of a site that sends by it.
func (k *sink) channel() (channel.Channel, error) {
	m, err := channel.ParseMail("smtp://" + k.address + "?tls=none")
	if err != nil {
		return channel.Channel{}, err
	}
	m.From, m.Marks, m.Now = "notice@fx.example", channel.NewMarks([]byte(key)), now
	return m.Channel()
}

// taken counts what it takes in a while.
func (k *sink) taken(window time.Duration) (speed, error) {
	before, began := k.count.Load(), time.Now()
	time.Sleep(window)
	n := k.count.Load() - before
	if n == 0 {
		return speed{}, errors.New("no notice was told")
	}
	return speed{PerSecond: float64(n) / time.Since(began).Seconds()}, nil
}

// hand gives it a letter of a receipt's size, on a connection of its own as the
// channel does.
func (k *sink) hand() error {
	const size = 1500 // bytes
	return smtp.SendMail(k.address, nil, "notice@fx.example", []string{"someone@fx.example"}, []byte("Subject: x\r\n\r\n"+strings.Repeat("x", size)+"\r\n"))
}

// NewSession is called by the server.
func (k *sink) NewSession(*gosmtp.Conn) (gosmtp.Session, error) { return letter{k}, nil }

type letter struct{ *sink }

func (l letter) Mail(string, *gosmtp.MailOptions) error { return nil }
func (l letter) Rcpt(string, *gosmtp.RcptOptions) error { return nil }
func (l letter) Reset()                                 {}
func (l letter) Logout() error                          { return nil }

func (l letter) Data(r io.Reader) error {
	_, err := io.Copy(io.Discard, r)
	l.count.Add(1)
	return err
}
