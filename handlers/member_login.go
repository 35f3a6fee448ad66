package handlers

import (
	"context"
	"errors"
	"net/mail"
	"strings"
	"time"

	"fangxin/store"
	"fangxin/workflow/register"
)

// newLogin asks for a link to log in with: at a telephone number or a mailbox that
// a member has registered.
type newLogin struct {
	Phone string `json:"phone"`
	Email string `json:"email"`
}

type loginView struct {
	Minutes int `json:"minutes"` // that a link works, if one was sent
}

// askLogin owes a link to whoever is registered. The answer is the same for
// anybody else: who is a member's contact is not for a stranger to learn.
func (s *Server) askLogin(ctx context.Context, c *Call) (any, error) {
	var in newLogin
	if err := strict(c.Body, &in); err != nil {
		return nil, err
	}
	phone, email := strings.TrimSpace(in.Phone), strings.TrimSpace(in.Email)
	switch {
	case phone != "" && email != "":
		return nil, badField("email", "why.one_contact")
	case email != "":
		if a, err := mail.ParseAddress(email); err != nil || a.Address != email || len(email) > 254 {
			return nil, badField("email", "why.email")
		}
	case !phoneForm.MatchString(phone):
		return nil, badField("phone", "why.phone")
	}
	key, err := c.key()
	if err != nil {
		return nil, err
	}
	return loginView{int(store.LoginTerm / time.Minute)}, s.Store.AskLogin(ctx, key, phone, email, c.Language)
}

type loginLink struct {
	Token string `json:"token"`
}

type sessionsView struct {
	Sessions []store.Session `json:"sessions"`
}

// redeemLogin takes a link, once. It is a POST, so that a mail scanner or a
// preview that opens the link uses nothing up.
func (s *Server) redeemLogin(ctx context.Context, c *Call) (any, error) {
	var in loginLink
	if err := strict(c.Body, &in); err != nil {
		return nil, err
	}
	key, err := c.key()
	if err != nil {
		return nil, err
	}
	all, err := s.Store.Redeem(ctx, key, in.Token)
	if errors.Is(err, store.ErrNoLink) {
		return nil, problem("login_dead")
	}
	return sessionsView{all}, err
}

// memberView is who is logged in, with his colleagues.
type memberView struct {
	register.Member
	Name   string               `json:"name"`
	Person string               `json:"you"`
	People []store.MemberPerson `json:"people"`
}

func (s *Server) ownMembership(ctx context.Context, c *Call) (any, error) {
	all, err := s.Store.People(ctx, c.Member.Member.ID)
	if c.Member.Person.Role != "contact" {
		for i := range all { // a colleague sees who the others are, not how they are reached
			if all[i].ID != c.Member.Person.ID {
				all[i].Phone, all[i].Email = "", ""
			}
		}
	}
	return memberView{c.Member.Member, c.Member.Entry.Name, c.Member.Person.ID, all}, err
}

type memberCases struct {
	Cases []store.MemberCase `json:"cases"`
}

func (s *Server) casesOfMember(ctx context.Context, c *Call) (any, error) {
	all, err := s.Store.MemberCases(ctx, c.Member)
	if all == nil {
		all = []store.MemberCase{}
	}
	return memberCases{all}, err
}

func (s *Server) logout(ctx context.Context, c *Call) (any, error) {
	if err := strict(c.Body, &nothing{}); err != nil {
		return nil, err
	}
	return nothing{}, s.Store.EndSession(ctx, c.Member)
}

// grantMember lets somebody of a member in with his session: to a member's own
// routes, or to a case that was put to his merchant.
func (s *Server) grantMember(ctx context.Context, call *Call, token string) error {
	who, err := s.Store.AdmitMember(ctx, token, call.Param("number"))
	if errors.Is(err, store.ErrNoLink) {
		return notFound()
	}
	if err != nil {
		return err
	}
	if ref := call.Param("member"); ref != "" && ref != who.Member.ID {
		return notFound()
	}
	call.User, call.Link, call.Member = nil, who.Link, &who
	return nil
}
