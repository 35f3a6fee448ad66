package handlers

import (
	"context"
	"net/http"
	"time"
)

// Gateway is the SMS gateway that reports what became of messages; the zero value
// is none.
type Gateway struct {
	// Prove reports whether a request bears the gateway's signature, made just now.
	Prove func(h http.Header, body []byte) bool
	// Take takes one report, or says which of its fields cannot be.
	Take func(ctx context.Context, r GatewayReport) (wrong string, err error)
}

// GatewayReport is what the gateway says of a message that it took.
type GatewayReport struct {
	Ref     string    `json:"ref"`
	State   string    `json:"state"` // delivered or failed
	Code    string    `json:"code,omitempty"`
	Lasting bool      `json:"lasting,omitempty"`
	At      time.Time `json:"at,omitzero"`
}

type gatewayReports struct {
	Reports []GatewayReport `json:"reports"`
}

// mostReports is how many reports come at once.
const mostReports = 500

type gatewayAnswer struct {
	Taken   int             `json:"taken"`
	Refused []refusedReport `json:"refused"`
}

type refusedReport struct {
	Index int    `json:"index"` // from 0
	Field string `json:"field"`
}

// grantGateway lets in who signs with the shared secret: nobody, when there is no
// gateway.
func (s *Server) grantGateway(c *Call) error {
	if s.SMS.Prove == nil || !s.SMS.Prove(c.header, c.Body) {
		return problem("bad_signature")
	}
	return nil
}

// smsReports takes a batch, each report by itself: what is refused would be
// refused again, and what was taken is harmless to repeat.
func (s *Server) smsReports(ctx context.Context, c *Call) (any, error) {
	var in gatewayReports
	if err := strict(c.Body, &in); err != nil {
		return nil, err
	}
	if len(in.Reports) == 0 || len(in.Reports) > mostReports {
		return nil, badField("reports", "why.sms_reports")
	}
	out := gatewayAnswer{Refused: []refusedReport{}}
	for i, r := range in.Reports {
		wrong, err := s.SMS.Take(ctx, r)
		if err != nil {
			return nil, err
		}
		if wrong != "" {
			out.Refused = append(out.Refused, refusedReport{i, wrong})
			continue
		}
		out.Taken++
	}
	return out, nil
}
