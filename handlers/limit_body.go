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
// large or too slow ends the connection: what still comes is not read.
func readBody(w http.ResponseWriter, r *http.Request, want string, most int64, patience time.Duration) ([]byte, error) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != want {
		return nil, problem("media_type")
	}
	if r.ContentLength > most {
		w.Header().Set("Connection", "close")
		return nil, problem("too_large")
	}
	conn := http.NewResponseController(w)
	late := time.AfterFunc(patience, func() { _ = conn.SetReadDeadline(time.Unix(1, 0)) })
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, most))
	if !late.Stop() && err == nil {
		_ = conn.SetReadDeadline(time.Time{}) // the last byte came as time ran out
	}
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		w.Header().Set("Connection", "close")
		return nil, problem("too_large")
	case errors.Is(err, os.ErrDeadlineExceeded):
		w.Header().Set("Connection", "close")
		return nil, problem("too_slow")
	case err != nil:
		return nil, problem("unreadable")
	}
	return body, nil
}
