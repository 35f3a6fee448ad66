package handlers

import (
	"log"
	"log/slog"
	"net"
	"net/http"
	"time"

	"golang.org/x/net/netutil"
)

// maxConnections bounds the sockets of one node; more wait in the kernel.
const maxConnections = 8192

// HTTP is the server around the handler: every wait has an end. A header that
// does not arrive in time ends the connection, one that is too large gets 431.
// ReadTimeout stands behind the body's own time, WriteTimeout behind the
// longest route's.
func (s *Server) HTTP() *http.Server { return s.around(s.Handler()) }

func (s *Server) around(h http.Handler) *http.Server {
	return &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 40 * time.Second, WriteTimeout: 80 * time.Second,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10, ErrorLog: quiet(s.Log)}
}

// Bounded is a listener that accepts a bounded number of connections at once.
func Bounded(l net.Listener) net.Listener { return netutil.LimitListener(l, maxConnections) }

// quiet passes on what net/http complains of, without what it quotes: its lines
// hold addresses and pieces of requests.
func quiet(to *slog.Logger) *log.Logger {
	return log.New(writer(func(p []byte) (int, error) {
		to.Debug("connection fault")
		return len(p), nil
	}), "", 0)
}

type writer func(p []byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }
