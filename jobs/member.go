package jobs

import (
	"context"
	"strconv"
	"time"

	"fangxin/store"

	"github.com/hibiken/asynq"
)

// memberLot is how many memberships are ended at once.
const memberLot = 200

// members ends memberships whose term is over and puts before a person what the
// county's rule finds in the figures. It decides nothing.
func (r *Runner) members(ctx context.Context) error {
	for ctx.Err() == nil {
		n, err := r.Store.ExpireMembers(ctx, memberLot)
		if err != nil {
			return err
		}
		if n == 0 {
			break
		}
	}
	n, err := r.Store.WatchMembers(ctx)
	if n > 0 {
		r.Log.InfoContext(ctx, "members to decide about", "leads", n)
	}
	return err
}

// login delivers a link to log in with, if anybody has registered its address.
// To nobody else anything is sent, and the asker does not learn which it was.
func (p *Post) login(ctx context.Context, t *asynq.Task) error {
	o, l, err := p.openLetter(ctx, t)
	if err != nil {
		return err
	}
	token, registered, err := p.Store.GiveLogin(ctx, &o, &l)
	if err != nil {
		return err
	}
	if !registered {
		if err := p.Store.EndLetter(ctx, &o, "void", "not_registered"); err != nil {
			return err
		}
		return store.ErrNotHeld
	}
	l.Fields = map[string]string{"link": "/green#" + token, "minutes": strconv.Itoa(int(store.LoginTerm / time.Minute))}
	return p.sendLetter(ctx, t, &o, &l)
}
