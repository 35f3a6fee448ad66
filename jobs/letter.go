package jobs

import (
	"context"
	"errors"
	"maps"

	"fangxin/jobs/channel"
	"fangxin/store"

	"github.com/hibiken/asynq"
)

// letterWords are what letters say, by template and language: a subject and a
// text with the fields in braces. A letter whose template is not here is dead,
// not empty.
var letterWords = map[string]map[string][2]string{
	"contact_check": {
		"zh": {"验证码", "【放心消费】验证码 {code}，{minutes} 分钟内有效，用于核实您的联系方式。请勿告诉他人；非本人操作请勿理会。"},
		"en": {"Your code", "Fangxin: your code is {code}. It checks how you can be reached and works for {minutes} minutes. Tell it to nobody; ignore this if you did not ask for it."},
	},
	"lost_link": {
		"zh": {"投诉的新链接 {number}", "【放心消费】您的投诉 {number} 的新链接：{link} 凭它可以查看和办理，请勿转发。原来的链接仍然有效；非本人操作请拨打 12315。"},
		"en": {"A new link to your complaint {number}", "Fangxin: a new link to your complaint {number}: {link} With it you can see and do everything; do not pass it on. Your earlier link still works. If you did not ask for this, call 12315."},
	},
	"member_login": {
		"zh": {"绿色通道登录链接", "【放心消费】绿色通道登录：打开 {link} 并确认。链接 {minutes} 分钟内有效，只能使用一次。非本人操作请勿理会。"},
		"en": {"Your link to the green channel", "Fangxin: to log in to the green channel, open {link} and confirm. It works once, for {minutes} minutes. Ignore this if you did not ask for it."},
	},
}

// letter delivers a message that belongs to no case.
func (p *Post) letter(ctx context.Context, t *asynq.Task) error {
	o, l, err := p.openLetter(ctx, t)
	if err != nil {
		return err
	}
	return p.sendLetter(ctx, t, &o, &l)
}

// openLetter opens the letter that a task names and ends it when it comes too
// late to be of use: store.ErrNotHeld then, nothing is left to do.
func (p *Post) openLetter(ctx context.Context, t *asynq.Task) (store.Owed, store.Letter, error) {
	o, err := p.held(ctx, t)
	if err != nil {
		return o, store.Letter{}, err
	}
	l, err := p.Store.Letter(ctx, &o)
	late := errors.Is(err, store.ErrErased) || err == nil && !p.Now().Before(l.Until)
	if late {
		if err = p.Store.EndLetter(ctx, &o, "void", "late"); err == nil {
			err = store.ErrNotHeld
		}
	}
	return o, l, err
}

// sendLetter puts a letter into words, hands it over and ends it.
func (p *Post) sendLetter(ctx context.Context, t *asynq.Task, o *store.Owed, l *store.Letter) error {
	words, ok := letterWords[l.Template][l.Language]
	if !ok {
		return &channel.Fault{Code: "unknown_template", Lasting: true}
	}
	fields, path := maps.Clone(l.Fields), l.Fields["link"]
	if path != "" {
		fields["link"] = p.Site + path
	}
	m := channel.Message{ID: o.ID(), Number: o.Number, Recipient: o.Recipient, Template: l.Template, Language: l.Language,
		Subject: fill(words[0], fields), Text: fill(words[1], fields), Link: path, Phone: l.Phone, Email: l.Email}
	if err := p.send(ctx, t, m); err != nil {
		return err
	}
	return p.Store.EndLetter(ctx, o, "done", "")
}
