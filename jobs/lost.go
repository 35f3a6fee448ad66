package jobs

import (
	"context"

	"fangxin/store"

	"github.com/hibiken/asynq"
)

// lostLink delivers a new link to a complaint, if the address that asked is the one
// that is registered with it. To anybody else nothing is sent, and the asker does
// not learn which it was.
func (p *Post) lostLink(ctx context.Context, t *asynq.Task) error {
	o, l, err := p.openLetter(ctx, t)
	if err != nil {
		return err
	}
	token, given, err := p.Store.GiveLost(ctx, &o, &l)
	if err != nil {
		return err
	}
	if !given {
		if err := p.Store.EndLetter(ctx, &o, "void", "not_registered"); err != nil {
			return err
		}
		return store.ErrNotHeld
	}
	number := l.Fields["number"]
	l.Fields = map[string]string{"number": number, "link": "/c/" + number + "#" + token}
	return p.sendLetter(ctx, t, &o, &l)
}
