package handlers

import (
	"bytes"
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/common/expfmt"
)

// metrics are what Prometheus is told: counts and times, never who or which
// case. docs/metrics.md says what each means and what to do when.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	bytes    *prometheus.CounterVec
	problems *prometheus.CounterVec
	running  prometheus.Gauge
}

func newMetrics(s *Server) *metrics {
	m := &metrics{registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "fangxin_http_requests_total", Help: "Requests answered."}, []string{"route", "method", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "fangxin_http_request_seconds", Help: "Time from a request's header to its answer.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}}, []string{"route"}),
		bytes:    prometheus.NewCounterVec(prometheus.CounterOpts{Name: "fangxin_http_answer_bytes_total", Help: "Bytes of answers."}, []string{"route"}),
		problems: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "fangxin_http_problems_total", Help: "Requests refused or failed, by the problem's code."}, []string{"code"}),
		running:  prometheus.NewGauge(prometheus.GaugeOpts{Name: "fangxin_http_requests_running", Help: "Requests being answered now."}),
	}
	m.registry.MustRegister(m.requests, m.seconds, m.bytes, m.problems, m.running, &engineFigures{s: s},
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// answered counts one request.
func (m *metrics) answered(n *note, method string, status int, size int64, took time.Duration) {
	m.requests.WithLabelValues(n.route, method, strconv.Itoa(status)).Inc()
	m.seconds.WithLabelValues(n.route).Observe(max(0, took.Seconds()))
	m.bytes.WithLabelValues(n.route).Add(float64(size))
	if n.problem != "" {
		m.problems.WithLabelValues(n.problem).Inc()
	}
}

// document is an answer that is no JSON, with the policy that a browser shows it
// under where the usual one would hide it.
type document struct {
	kind   string
	body   []byte
	policy string
	name   string // what it is called where it is kept; empty: nothing is said
}

func (s *Server) exposition(context.Context, *Call) (any, error) {
	families, err := s.metrics.registry.Gather()
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	format := expfmt.NewFormat(expfmt.TypeTextPlain)
	encoder := expfmt.NewEncoder(&b, format)
	for _, f := range families {
		if err := encoder.Encode(f); err != nil {
			return nil, err
		}
	}
	return document{kind: string(format), body: b.Bytes()}, nil
}

// watching are the routes for machines that watch this one. who may read the
// metrics is this machine, or anyone who reaches an address of their own.
func (s *Server) watching(who Who) Route {
	return Route{http.MethodGet, "/metrics", who, Probe, s.exposition, http.StatusOK}
}

// Watch serves /metrics, /healthz and /readyz alone, for an address of their own.
func (s *Server) Watch() *http.Server {
	return s.around(s.handler([]Route{{http.MethodGet, "/healthz", Anyone, Probe, s.health, http.StatusOK},
		{http.MethodGet, "/readyz", Anyone, Probe, s.ready, http.StatusOK}, s.watching(Anyone)}))
}
