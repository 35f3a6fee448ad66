package handlers

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"time"
)

// readBody reads a body of one kind within its size and its time. A body that is too
// large or too slow ends the connection: what still comes is not read, but for drain
// bytes, so that a browser hears the answer.
func readBody(w http.ResponseWriter, r *http.Request, want string, most, drain int64, patience time.Duration) ([]byte, error) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != want {
		return nil, problem("media_type")
	}
	conn := http.NewResponseController(w)
	late := time.AfterFunc(patience, func() { _ = conn.SetReadDeadline(time.Unix(1, 0)) })
	pass := func() {
		w.Header().Set("Connection", "close")
		if drain > 0 && r.ContentLength <= most+drain {
			_, _ = io.CopyN(io.Discard, r.Body, drain)
		}
		late.Stop()
	}
	if r.ContentLength > most {
		pass()
		return nil, problem("too_large")
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, most+1))
	if err == nil && int64(len(body)) > most {
		pass()
		return nil, problem("too_large")
	}
	if !late.Stop() && err == nil {
		_ = conn.SetReadDeadline(time.Time{}) // the last byte came as time ran out
	}
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		w.Header().Set("Connection", "close")
		return nil, problem("too_slow")
	case err != nil:
		return nil, problem("unreadable")
	}
	return body, nil
}
