package handlers

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"fangxin/store"
	"fangxin/workflow/ledger"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
)

// This file alone knows the web framework.

// Handler builds the HTTP handler; it panics when a route does not say who may
// and within what limits.
func (s *Server) Handler() http.Handler {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.IPExtractor = echo.ExtractIPDirect()
	e.HTTPErrorHandler = s.fail
	e.Use(s.identify, s.logged, middleware.RecoverWithConfig(middleware.RecoverConfig{DisableStackAll: true, LogErrorFunc: s.panicked}))
	for _, r := range s.Routes() {
		if err := r.check(); err != nil {
			panic(fmt.Sprintf("handlers: %v", err))
		}
		path := strings.NewReplacer("{", ":", "}", "").Replace(r.Path)
		e.Add(r.Method, path, s.adapt(r))
		if r.Method == http.MethodGet {
			e.Add(http.MethodHead, path, s.adapt(r))
		}
	}
	return e
}

// adapt turns a request into a Call, after asking who calls.
func (s *Server) adapt(r Route) echo.HandlerFunc {
	limit := limits[r.Limit]
	return func(c echo.Context) error {
		ctx, cancel := context.WithTimeout(c.Request().Context(), limit.Time)
		defer cancel()
		call := &Call{Param: c.Param, Query: c.QueryParam, Key: c.Request().Header.Get("Idempotency-Key"),
			Language: language(c.Request().Header.Get("Accept-Language")), RequestID: c.Response().Header().Get(echo.HeaderXRequestID)}
		if err := s.admit(ctx, r, call, c.Request().Header.Get("Authorization")); err != nil {
			return err
		}
		if limit.Body > 0 {
			if err := readBody(c.Request(), call, limit.Body); err != nil {
				return err
			}
		}
		out, err := r.Handle(ctx, call)
		if err != nil {
			return err
		}
		c.Response().Header().Set("Cache-Control", "no-store")
		if raw, ok := out.(rawJSON); ok {
			return c.JSONBlob(r.Status, raw)
		}
		return c.JSON(r.Status, out)
	}
}

func readBody(r *http.Request, call *Call, most int64) error {
	if kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";"); strings.TrimSpace(kind) != "application/json" {
		return problem("media_type")
	}
	if len(call.Key) > 200 || !ledger.Clean(call.Key) {
		return problem("bad_key")
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, most+1))
	if err != nil {
		return problem("unreadable")
	}
	if int64(len(body)) > most {
		return problem("too_large")
	}
	call.Body = body
	return nil
}

// admit finds out who calls. An unknown, expired, revoked or foreign token is
// one identical 404, as is a case that is not there.
func (s *Server) admit(ctx context.Context, r Route, call *Call, authorization string) error {
	if r.Who == Anyone {
		return nil
	}
	token, ok := strings.CutPrefix(authorization, "Bearer ")
	if !ok || token == "" {
		return problem("no_token")
	}
	user, err := s.Store.UserByToken(ctx, token)
	if err == nil {
		call.User = &user
		return s.inScope(ctx, call)
	}
	if !errors.Is(err, store.ErrNoUser) {
		return err
	}
	link, err := s.Store.Follow(ctx, token)
	if errors.Is(err, store.ErrNoLink) || err == nil && (r.Who != Holder || !sameNumber(link.Number, call.Param("number"))) {
		return notFound()
	}
	call.Link = &link
	return err
}

func sameNumber(a, b string) bool {
	p, y, n, err := ledger.ParseNumber(b)
	return err == nil && ledger.Number(p, y, n) == a
}

// inScope holds an officer to the cases of his unit and town; a hub, a
// coordinator or a supervisor without a unit sees all.
func (s *Server) inScope(ctx context.Context, call *Call) error {
	number, u := call.Param("number"), call.User
	if number == "" || u.Unit == "" && u.Town == "" {
		return nil
	}
	c, err := s.Store.Case(ctx, number)
	if err != nil {
		return err
	}
	if u.Unit != "" && c.Unit() != u.Unit && !(c.Unit() == "" && slices.Contains(u.Roles, "hub")) || u.Town != "" && c.Town() != u.Town {
		return notFound()
	}
	return nil
}

func (s *Server) identify(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		id := make([]byte, 8)
		_, _ = rand.Read(id)
		h := c.Response().Header()
		h.Set(echo.HeaderXRequestID, hex.EncodeToString(id))
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		return next(c)
	}
}

// logged writes the route's pattern, never the path: a path can hold what must
// not be kept.
func (s *Server) logged(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		err := next(c)
		if err != nil {
			c.Error(err)
		}
		s.Log.InfoContext(c.Request().Context(), "request", "method", c.Request().Method, "route", c.Path(), "status", c.Response().Status,
			"request_id", c.Response().Header().Get(echo.HeaderXRequestID))
		return nil
	}
}

func (s *Server) panicked(c echo.Context, err error, stack []byte) error {
	s.Log.ErrorContext(c.Request().Context(), "panic", "route", c.Path(), "stack", string(stack))
	return err
}

// fail writes every error as a problem.
func (s *Server) fail(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	var web *echo.HTTPError
	if errors.As(err, &web) {
		switch web.Code {
		case http.StatusNotFound:
			err = notFound()
		case http.StatusMethodNotAllowed:
			err = problem("method")
		}
	}
	p := problemOf(err)
	if p.Status >= http.StatusInternalServerError {
		s.Log.ErrorContext(c.Request().Context(), "fault", "error", err, "route", c.Path())
	}
	if p.Status == http.StatusServiceUnavailable {
		c.Response().Header().Set("Retry-After", "1")
	}
	p.say(language(c.Request().Header.Get("Accept-Language")), c.Response().Header().Get(echo.HeaderXRequestID))
	c.Response().Header().Set("Cache-Control", "no-store")
	c.Response().Header().Set(echo.HeaderContentType, "application/problem+json; charset=utf-8")
	_ = c.JSON(p.Status, p)
}

// language picks Chinese unless English is asked for first.
func language(accept string) string {
	first, _, _ := strings.Cut(accept, ",")
	if strings.HasPrefix(strings.ToLower(strings.TrimSpace(first)), "en") {
		return "en"
	}
	return "zh"
}
