package handlers

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"fangxin/store"
	"fangxin/workflow"
	"fangxin/workflow/policy"
	"fangxin/workflow/publication"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

const publicPath = "/api/v1/public/complaints"

// publicPage is a page of what is published, the newest first.
type publicPage struct {
	Complaints []publication.Form `json:"complaints"`
	Next       string             `json:"next,omitempty"` // id, for `after`; none at the end
}

// What may be asked of the public list, and its words.
var (
	publicQueries     = []string{"q", "merchant", "domain", "category", "town", "month", "after", "limit"}
	monthForm         = regexp.MustCompile(`^20\d\d-(0[1-9]|1[0-2])$`)
	publicRef         = regexp.MustCompile(`^p_[a-z2-7]{26}$`)
	publicationStates = []string{string(publication.Held), string(publication.Scheduled), string(publication.Published), string(publication.Corrected), string(publication.Expired), string(publication.Removed)}
	narrativeStates   = []string{"wanted", "proposed", "confirmed", "withheld"}
	// heldCodes are why an entry is not shown: what the engine finds, and what an
	// officer decides.
	heldCodes = append([]string{"undecided", "objection", "reopened", "erased", "merged", "withdrawn", "refused", "transferred", "not_accepted",
		"consent_unknown", "no_consent", "domain", "not_in_pilot", "not_identified"}, workflow.HoldReasons...)
)

// cached is an answer that anybody may keep for a moment: so long that what is
// withdrawn is gone everywhere within a minute.
type cached struct {
	body []byte
	etag string
}

// cacheSeconds leaves the job that takes an entry away half of the minute.
const cacheSeconds = 30

func (a cached) send(w http.ResponseWriter, r *http.Request) error {
	h := w.Header()
	if keepable(h, r, a.etag) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	h.Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusOK)
	_, err := w.Write(a.body)
	return err
}

// keepable says how long an answer may be kept, and whether the reader has it.
func keepable(h http.Header, r *http.Request, etag string) (has bool) {
	h.Set("Cache-Control", "public, max-age="+strconv.Itoa(cacheSeconds)+", must-revalidate")
	h.Set("ETag", etag)
	return slices.Contains(strings.Split(strings.ReplaceAll(r.Header.Get("If-None-Match"), " ", ""), ","), etag)
}

func etagOf(body []byte) string {
	sum := sha256.Sum256(body)
	return `"` + hex.EncodeToString(sum[:16]) + `"`
}

func cachedJSON(v any) (any, error) {
	body, err := json.Marshal(v, json.Deterministic(true))
	if err != nil {
		return nil, err
	}
	return cached{body, etagOf(body)}, nil
}

// publicComplaints searches what is published.
func (s *Server) publicComplaints(ctx context.Context, c *Call) (any, error) {
	f, err := s.publicFilter(c)
	if err != nil {
		return nil, err
	}
	list, next, err := s.Store.SearchPublished(ctx, f)
	switch {
	case errors.Is(err, store.ErrNotPublished):
		return nil, notFound()
	case errors.Is(err, store.ErrCursor):
		return nil, badQuery("after", "why.cursor")
	case errors.Is(err, store.ErrNoTerms):
		return nil, badQuery("q", "why.no_words")
	case err != nil:
		return nil, err
	}
	forms := make([]jsontext.Value, 0, len(list))
	for _, e := range list {
		forms = append(forms, e.Form)
	}
	return cachedJSON(struct {
		Complaints []jsontext.Value `json:"complaints"`
		Next       string           `json:"next,omitzero"`
	}{forms, next})
}

func (s *Server) publicFilter(c *Call) (f store.PublicFilter, err error) {
	if err := c.onceEach(publicQueries); err != nil {
		return f, err
	}
	f = store.PublicFilter{Words: c.Query("q"), Merchant: c.Query("merchant"), Category: c.Query("category"), Town: c.Query("town"), Month: c.Query("month"), After: c.Query("after")}
	county := s.Rules().County()
	if f.Domain, err = domainAsked(c); err != nil {
		return f, err
	}
	hasCategory := func(d policy.Domain) bool {
		return (f.Domain == 0 || d.Number == f.Domain) && slices.ContainsFunc(d.Categories, func(p policy.Place) bool { return p.Code == f.Category })
	}
	switch {
	case len([]rune(f.Words)) > 100:
		return f, badQuery("q", "why.choice")
	case f.Merchant != "" && !workflow.IsCode(f.Merchant):
		return f, badQuery("merchant", "why.choice")
	case f.Town != "" && !s.isTown(f.Town):
		return f, badQuery("town", "why.vocabulary")
	case f.Category != "" && !slices.ContainsFunc(county.Domains, hasCategory):
		return f, badQuery("category", "why.vocabulary")
	case f.Month != "" && !monthForm.MatchString(f.Month):
		return f, badQuery("month", "why.month")
	case f.After != "" && !publicRef.MatchString(f.After):
		return f, badQuery("after", "why.cursor")
	}
	f.Limit, err = limitOf(c)
	return f, err
}

// onceEach refuses what is asked twice, or asked and left empty.
func (c *Call) onceEach(names []string) error {
	for _, name := range names {
		if len(c.Params[name]) > 1 {
			return badQuery(name, "why.repeated")
		}
		if c.Params.Has(name) && c.Query(name) == "" {
			return badQuery(name, "why.choice")
		}
	}
	return nil
}

// domainAsked is the domain that a list is narrowed to; 0 asks nothing.
func domainAsked(c *Call) (int, error) {
	v := c.Query("domain")
	if v == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < 1 || n > 12 || strconv.Itoa(n) != v {
		return 0, badQuery("domain", "why.choice")
	}
	return n, nil
}

// publicComplaint shows one public form. What was one is a tombstone (410);
// unknown and unpublished are one 404.
func (s *Server) publicComplaint(ctx context.Context, c *Call) (any, error) {
	e, err := s.Store.Published(ctx, c.Param("complaint"))
	if errors.Is(err, store.ErrNotPublished) {
		return nil, notFound()
	}
	if err != nil {
		return nil, err
	}
	return cached{e.Form, `"` + e.Digest[:32] + `"`}, nil
}

// standingView is where a case's public form stands, for its parties and the
// authority's people.
type standingView struct {
	State     publication.State `json:"state"`
	Held      string            `json:"held,omitempty"`
	On        string            `json:"on,omitempty"`
	Until     string            `json:"until,omitempty"`
	Form      *publication.Form `json:"form,omitempty"`
	Narrative *narrativeView    `json:"narrative,omitempty"`
}

// narrativeView is the text before and after, for officers alone.
type narrativeView struct {
	State      string   `json:"state,omitempty"`
	ProposedBy string   `json:"proposed_by,omitempty"`
	Consented  bool     `json:"consented"`
	Before     string   `json:"before"`
	Suggested  string   `json:"suggested"`
	After      string   `json:"after,omitempty"`
	Left       []string `json:"left"`
	MaybeNames []string `json:"maybe_names"`
}

// standing tells how a complaint is or will be published. A party sees the form
// once it is to be read, and never why an officer holds it.
func (s *Server) standing(ctx context.Context, c *Call) (any, error) {
	v, err := s.open(ctx, c, workflow.Complaint)
	if err != nil {
		return nil, err
	}
	officer := c.User != nil && isOne(c.User, staff)
	officer = officer && v.Facts["erased"] == ""
	st, err := s.Store.Standing(ctx, v.Number, officer)
	if err != nil {
		return nil, err
	}
	out := standingView{State: st.State, Held: st.Code, On: st.On.String(), Until: st.Until.String(), Form: st.Preview}
	if !officer {
		if slices.Contains(workflow.HoldReasons, out.Held) {
			out.Held = "under_review"
		}
		return out, nil
	}
	t := st.Text
	n := narrativeView{t.State, t.By, t.Consented, t.Before, t.Suggested, t.After, []string{}, []string{}}
	for _, k := range t.Left {
		n.Left = append(n.Left, string(k))
	}
	n.MaybeNames = append(n.MaybeNames, t.MaybeNames...)
	out.Narrative = &n
	return out, nil
}

// cleanNarrative refuses a text that still says what must not be published.
func (s *Server) cleanNarrative(ctx context.Context, v store.View, in *act) error {
	if in.Words == "" {
		return nil // the law says that it is missing
	}
	kinds, err := s.Store.MayPropose(ctx, v.ID, in.Words)
	if err == nil && len(kinds) > 0 {
		err = badField("words", "why.personal."+string(kinds[0]))
	}
	return err
}
