package jobs

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"fangxin/jobs/channel"
	"fangxin/store"
)

// way is one channel to one address of a recipient.
type way struct {
	channel.Channel
	store.Address
	to string // whose the address is: the recipient, or the office that answers for him
}

// parties are the recipients who have addresses of their own and act by a link.
var parties = []string{"consumer", "merchant"}

// order is the channels in the order in which a recipient is tried.
func (p *Post) order(recipient string) []channel.Channel {
	if p.Rules == nil {
		return p.Channels
	}
	var out []channel.Channel
	for _, name := range p.Rules().Telling().Channels(recipient) {
		for _, c := range p.Channels {
			if c.Name == name {
				out = append(out, c)
			}
		}
	}
	return out
}

func reaches(c channel.Channel, m channel.Message) bool { return c.Reaches == nil || c.Reaches(m) }

// ways lists how a recipient can be told, in the order in which it is tried:
// what the case itself says by every channel, then the register's contacts.
func (p *Post) ways(ctx context.Context, o *store.Owed) ([]way, error) {
	if !slices.Contains(parties, o.Recipient) {
		return p.officeWays(ctx, o)
	}
	addresses, err := p.Store.Addresses(ctx, o)
	if err != nil {
		return nil, err
	}
	own := slices.IndexFunc(addresses, func(a store.Address) bool { return !a.Own })
	if own < 0 {
		own = len(addresses)
	}
	groups := [][]store.Address{addresses[:own]}
	for i := range addresses[own:] {
		groups = append(groups, addresses[own+i:own+i+1])
	}
	var out []way
	for _, group := range groups {
		for _, c := range p.order(o.Recipient) {
			for _, a := range group {
				if reaches(c, channel.Message{Recipient: o.Recipient, Phone: a.Phone, Email: a.Email}) {
					out = append(out, way{c, a, o.Recipient})
				}
			}
		}
	}
	return out, nil
}

// officeWays are the ways to one of the authority's own, address by address: his
// own mailbox is tried by every channel before his department's, that before the
// hub's. A channel that needs no address, the console, reaches every office.
func (p *Post) officeWays(ctx context.Context, o *store.Owed) ([]way, error) {
	addresses, err := p.Store.OfficeAddresses(ctx, o)
	if err != nil {
		return nil, err
	}
	if len(addresses) == 0 {
		addresses = []store.Address{{Own: true}}
	}
	var out []way
	for _, a := range addresses {
		for _, c := range p.order(o.Recipient) {
			if reaches(c, channel.Message{Recipient: o.Recipient, Phone: a.Phone, Email: a.Email}) {
				out = append(out, way{c, a, cmp.Or(a.Office, o.Recipient)})
			}
		}
	}
	return out, nil
}

// changeWay is how often a way is tried in a row while it fails in a way that
// may pass; then the next has its turn, if there is one.
const changeWay = 6

// next chooses the way for the next attempt of a message: of those that are not
// known to be of no use, the one that failed the fewest times, counted in turns.
func next(ways []way, tried []store.Attempt, round int64) (way, bool) {
	best, turns := -1, 0
	for i, w := range ways {
		failed, useless := 0, false
		for _, a := range tried {
			if a.Round != round || !w.was(&a) {
				continue
			}
			useless = useless || a.Outcome == store.Failed && a.Lasting
			if a.Outcome == store.Failed || a.Outcome == store.Unknown {
				failed++
			}
		}
		if t := failed / changeWay; !useless && (best < 0 || t < turns) {
			best, turns = i, t
		}
	}
	if best < 0 {
		return way{}, false
	}
	return ways[best], true
}

// was reports whether an attempt took this way.
func (w way) was(a *store.Attempt) bool {
	return a.Channel == w.Name && a.Recipient == w.to && a.Contact == w.Contact && (a.Contact == 0 || a.Merchant == w.Merchant)
}

// messageID names what is sent for the recipient's channel: the same when it is
// sent again, another for another address and when a person had it sent anew.
func messageID(o *store.Owed, w way) string {
	id := o.ID()
	if o.Round > 0 {
		id += fmt.Sprintf("/again%d", o.Round)
	}
	if !w.Own {
		id += fmt.Sprintf("/contact%d", w.Contact)
	}
	if w.Office != "" {
		id += "/" + w.Office
	}
	return id
}
