package handlers

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
)

// This file alone knows the web framework.

// Handler builds the HTTP handler; it panics when a route does not say who may
// and within what limits.
func (s *Server) Handler() http.Handler {
	routes := slices.Concat(s.Routes(), s.pageRoutes(), s.deskRoutes())
	if s.MetricsElsewhere {
		return s.handler(routes)
	}
	return s.handler(append(routes, s.watching(Machine)))
}

func (s *Server) handler(routes []Route) http.Handler {
	s.once.Do(func() {
		if s.Limits == nil {
			s.Limits = NewLimits(s.Now)
		}
		s.began, s.metrics, s.uploads = s.Now(), newMetrics(s), make(chan struct{}, mostUploads)
	})
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.IPExtractor = echo.ExtractIPDirect()
	e.HTTPErrorHandler = s.fail
	e.Use(s.logged, middleware.RecoverWithConfig(middleware.RecoverConfig{DisableStackAll: true, LogErrorFunc: s.panicked}), screened)
	for _, r := range routes {
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

// adapt turns a request into a Call and what comes back into an answer.
func (s *Server) adapt(r Route) echo.HandlerFunc {
	return func(c echo.Context) error {
		ctx, cancel := context.WithTimeout(c.Request().Context(), limits[r.Limit].Time)
		defer cancel()
		call := &Call{Param: c.Param, Query: c.QueryParam, Params: c.QueryParams(), Key: c.Request().Header.Get("Idempotency-Key"), header: c.Request().Header,
			Language: languageOf(c.Request()), RequestID: c.Response().Header().Get(echo.HeaderXRequestID), cookie: cookieOf(c.Request()), path: c.Request().URL.Path, host: c.Request().Host}
		noted(c).route, noted(c).class = r.Path, r.Limit
		out, err := s.serve(ctx, c.Response(), c.Request(), r, call)
		if call.User != nil {
			noted(c).user = call.User.ID
		}
		if err != nil {
			return err
		}
		switch out := out.(type) {
		case answer:
			return out.send(c.Response(), c.Request())
		case rawJSON:
			return c.JSONBlob(r.Status, out)
		case document:
			if out.policy != "" {
				c.Response().Header().Set("Content-Security-Policy", out.policy)
			}
			if out.name != "" {
				c.Response().Header().Set("Content-Disposition", mime.FormatMediaType("inline", map[string]string{"filename": out.name}))
			}
			return c.Blob(cmp.Or(r.Status, http.StatusOK), out.kind, out.body)
		}
		return c.JSON(r.Status, out)
	}
}

func screened(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if err := screen(c.Request()); err != nil {
			return err
		}
		return next(c)
	}
}

// note is what the log may know of a request. The route is its pattern, never
// the path: a path can hold what must not be kept.
type note struct {
	route   string
	class   Class
	user    int64
	problem string // its code
}

func noted(c echo.Context) *note {
	n, ok := c.Get("note").(*note)
	if !ok {
		n = &note{route: "none"}
		c.Set("note", n)
	}
	return n
}

// logged names the request, sets what stands on every answer, and writes one
// line when it is done.
func (s *Server) logged(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		began := s.Now()
		s.metrics.running.Inc()
		defer s.metrics.running.Dec()
		h := c.Response().Header()
		for name, value := range headers {
			h.Set(name, value)
		}
		h.Set(echo.HeaderXRequestID, requestID())
		if err := next(c); err != nil {
			c.Error(err)
		}
		n, res, took, how := noted(c), c.Response(), max(0, s.Now().Sub(began)), method(c.Request().Method)
		s.metrics.answered(n, how, res.Status, res.Size, took)
		line := []any{"request_id", h.Get(echo.HeaderXRequestID), "method", how, "route", n.route, "status", res.Status,
			"ms", took.Milliseconds(), "bytes", res.Size, "class", n.class}
		if n.user != 0 {
			line = append(line, "user", n.user)
		}
		s.Log.InfoContext(c.Request().Context(), "request", line...)
		return nil
	}
}

func (s *Server) panicked(c echo.Context, err error, stack []byte) error {
	s.Log.ErrorContext(c.Request().Context(), "panic", "request_id", c.Response().Header().Get(echo.HeaderXRequestID), "stack", string(stack))
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
	h := c.Response().Header()
	if p.Status >= http.StatusInternalServerError && error(p) != err {
		s.Log.ErrorContext(c.Request().Context(), "fault", "request_id", h.Get(echo.HeaderXRequestID), "error", err, "route", noted(c).route)
	}
	if after := p.retryAfter(); after != "" {
		h.Set("Retry-After", after)
	}
	if p.Status == http.StatusUnauthorized && !byBrowser(c.Request()) {
		h.Set("WWW-Authenticate", "Bearer")
	}
	noted(c).problem = p.Code
	p.say(languageOf(c.Request()), h.Get(echo.HeaderXRequestID))
	if byBrowser(c.Request()) {
		_ = s.faultPage(p, c.Request()).send(c.Response(), c.Request())
		return
	}
	h.Set(echo.HeaderContentType, "application/problem+json; charset=utf-8")
	_ = c.JSON(p.Status, p)
}
