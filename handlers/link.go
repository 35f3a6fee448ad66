package handlers

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"fangxin/store"
	"fangxin/workflow"
)

// nothing is a body or an answer without fields.
type nothing struct{}

// newLink asks for a link. Party is the short form for the party itself.
type newLink struct {
	Party     string   `json:"party"`     // consumer or merchant
	Recipient string   `json:"recipient"` // consumer, agent, guardian, representative, merchant, colleague
	Actions   []string `json:"actions"`   // read; act (all that the party may); data; or events by name
	Days      int      `json:"days"`      // how long it works, calendar days
}

// linkView is a link as officers and its holder see it: never a token.
type linkView struct {
	ID        string     `json:"id"`
	Case      string     `json:"case"`
	Party     string     `json:"party"` // side in whose name it acts
	Recipient string     `json:"recipient"`
	Actor     string     `json:"actor"` // how the log names the holder
	Actions   []string   `json:"actions"`
	Events    []string   `json:"events,omitempty"` // that it may take, when the case allows; told to the holder only
	GivenBy   string     `json:"given_by,omitempty"`
	Created   time.Time  `json:"created_at"`
	Expires   time.Time  `json:"expires_at"`
	Ended     *time.Time `json:"ended_at,omitempty"`
	EndedBy   string     `json:"ended_by,omitempty"`
	Follows   string     `json:"follows,omitempty"` // id of the link that was rotated into this one
}

// handedLink is a link on the one occasion on which its token is shown.
type handedLink struct {
	Token string `json:"token"`
	linkView
}

// linkList is every link of a case.
type linkList struct {
	Links []linkView `json:"links"`
}

// linkDays is the longest term of a link: the longest course of a case, with the
// limit of complaining.
const linkDays = int(linkTerm / (24 * time.Hour))

func viewLink(l store.Link) linkView {
	v := linkView{ID: l.ID, Case: l.Number, Party: l.Role, Recipient: l.Recipient, Actor: l.Actor, Actions: l.Actions, GivenBy: l.GivenBy,
		Created: l.Created, Expires: l.Expires, EndedBy: l.EndedBy, Follows: l.Follows}
	if !l.Ended.IsZero() {
		v.Ended = &l.Ended
	}
	return v
}

// eventsOf lists the events of the table that the link's side may take and the
// link was given for.
func eventsOf(l *store.Link) []string {
	out := []string{}
	for _, e := range partyEvents(l.Role) {
		if l.May(e) {
			out = append(out, e)
		}
	}
	return out
}

func partyEvents(side string) []string {
	var out []string
	for i := range workflow.Transitions {
		if row := &workflow.Transitions[i]; len(row.From) > 0 && slices.Contains(row.By, workflow.Role(side)) {
			out = append(out, row.Event)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// check puts the defaults in and says which field is wrong.
func (in *newLink) check() error {
	if in.Recipient == "" {
		in.Recipient = in.Party
	}
	side := store.Recipients[in.Recipient]
	switch {
	case side == "":
		return badField("recipient", "why.choice")
	case in.Party != "" && in.Party != side:
		return badField("party", "why.choice")
	case in.Days < 0 || in.Days > linkDays:
		return badField("days", "why.link_days")
	}
	if in.Days == 0 {
		in.Days = linkDays
	}
	if len(in.Actions) == 0 {
		in.Actions = []string{store.ActionAct}
	}
	slices.Sort(in.Actions)
	in.Actions = slices.Compact(in.Actions)
	known := append(partyEvents(side), store.ActionRead, store.ActionAct, store.ActionData)
	for i, a := range in.Actions {
		if !slices.Contains(known, a) {
			return badField(fmt.Sprintf("actions.%d", i), "why.choice")
		}
	}
	return nil
}

func (s *Server) links(ctx context.Context, c *Call) (any, error) {
	all, err := s.Store.Links(ctx, c.Param("number"))
	out := []linkView{}
	for _, l := range all {
		out = append(out, viewLink(l))
	}
	return linkList{out}, err
}

// giveLink gives somebody of the case a capability: shown once, stored hashed.
func (s *Server) giveLink(ctx context.Context, c *Call) (any, error) {
	var in newLink
	if err := strict(c.Body, &in); err != nil {
		return nil, err
	}
	if err := in.check(); err != nil {
		return nil, err
	}
	v, err := s.open(ctx, c, workflow.Complaint)
	if err != nil {
		return nil, err
	}
	key, err := c.key()
	if err != nil {
		return nil, err
	}
	scope := "link/" + v.Number + "/" + c.User.Name
	token, hash := s.Store.NewToken(scope, key, fmt.Sprint(in.Recipient, in.Actions, in.Days))
	l, err := s.Store.GiveLink(ctx, store.Once{Scope: scope, Key: key, Asked: in}, v.Number, store.NewLink{Hash: hash, Recipient: in.Recipient,
		Actions: in.Actions, GivenBy: c.User.Name, Expires: s.Now().Add(time.Duration(in.Days) * 24 * time.Hour)})
	return handedLink{token, viewLink(l)}, err
}

func (s *Server) rotateLink(ctx context.Context, c *Call) (any, error) {
	return s.rotate(ctx, c, c.Param("number"), c.Param("id"), c.User.Name)
}

// rotateOwn is the holder's: he may do it whenever he fears that another has
// seen his link.
func (s *Server) rotateOwn(ctx context.Context, c *Call) (any, error) {
	return s.rotate(ctx, c, c.Link.Number, c.Link.ID, "")
}

func (s *Server) rotate(ctx context.Context, c *Call, number, id, by string) (any, error) {
	if err := strict(c.Body, &nothing{}); err != nil {
		return nil, err
	}
	key, err := c.key()
	if err != nil {
		return nil, err
	}
	scope := strings.Join([]string{"rotate", id, by}, "/")
	token, hash := s.Store.NewToken(scope, key, "")
	l, err := s.Store.RotateLink(ctx, store.Once{Scope: scope, Key: key}, number, id, by, hash)
	return handedLink{token, viewLink(l)}, err
}

func (s *Server) revokeLink(ctx context.Context, c *Call) (any, error) {
	if err := strict(c.Body, &nothing{}); err != nil {
		return nil, err
	}
	id := c.Param("id")
	return nothing{}, s.Store.EndLink(ctx, store.Once{Scope: "revoke/" + id + "/" + c.User.Name, Key: c.Key}, c.Param("number"), id, c.User.Name)
}

// ownLink tells the holder what his link may do.
func (s *Server) ownLink(_ context.Context, c *Call) (any, error) {
	v := viewLink(*c.Link)
	v.Events = eventsOf(c.Link)
	return v, nil
}
