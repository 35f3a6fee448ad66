package store

import (
	"bytes"
	"context"
	"errors"
	"slices"
)

// Address is one way to reach a party: a telephone number or a mailbox. It is
// looked up when something is sent and kept nowhere else.
type Address struct {
	Phone, Email string
	// Merchant and Contact are the entry and its contact in the register that
	// this address is: what becomes of a sending is written there.
	Merchant string
	Contact  int64
	// Language is what the register says the merchant reads: "" or one of
	// register.Languages, for every address of the case's respondent.
	Language string
	Own      bool // stated in the case itself, not only in the register
	// Office is whose address this is where the recipient is an office and it is
	// another one's: "unit:CODE".
	Office string
}

// Addresses are the ways to reach the party of a case that a message is for, in the order in which they
// are tried: what was sealed last with the case, then the contacts of the
// merchant in the register, those that bounced last at the end. There is none
// for a person who was erased.
func (s *Store) Addresses(ctx context.Context, o *Owed) ([]Address, error) {
	out, err := s.ownAddresses(ctx, o.CaseID, o.Recipient)
	if err != nil || o.Recipient != "merchant" {
		return out, err
	}
	found, err := s.CaseMerchants(ctx, o.Number)
	if err != nil || len(found) == 0 {
		return out, err
	}
	ref := found[len(found)-1].Now
	e, err := entryByRef(ctx, s.pool, ref)
	if err != nil {
		return nil, err
	}
	contacts, err := s.entryContacts(ctx, e)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(contacts, func(a, b Contact) int { return bounced(a) - bounced(b) })
	for _, c := range contacts {
		a := Address{Merchant: ref, Contact: c.No}
		switch c.Kind {
		case "phone", "sms":
			a.Phone = c.Value
		case "email":
			a.Email = c.Value
		default:
			continue
		}
		if i := slices.IndexFunc(out, func(b Address) bool { return s.sameAddress(a, b) }); i >= 0 {
			out[i].Merchant, out[i].Contact = ref, c.No
			continue
		}
		out = append(out, a)
	}
	for i := range out {
		out[i].Language = e.Language
	}
	return out, nil
}

func bounced(c Contact) int {
	if c.Reachable == "no" {
		return 1
	}
	return 0
}

func (s *Store) sameAddress(a, b Address) bool {
	keys := s.cfg.Keys
	return bytes.Equal(keys.addressMac(a.Phone, a.Email), keys.addressMac(b.Phone, b.Email))
}

// addressMac finds an address again without holding it: the telephone number,
// else the mail address.
func (k *Keys) addressMac(phone, email string) []byte {
	if phone != "" {
		return k.contactMac(NewContact{"phone", phone})
	}
	return k.contactMac(NewContact{"email", email})
}

// ownAddresses are those that were sealed last with the case.
func (s *Store) ownAddresses(ctx context.Context, caseID int64, party string) ([]Address, error) {
	all, err := s.unsealAll(ctx, caseID, 0)
	if errors.Is(err, ErrErased) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var phone, email string
	for _, u := range all {
		if p := u.Person; p != nil && party == "consumer" {
			phone, email = p.Phone, p.Email
		}
		if r := u.Respondent; r != nil && party == "merchant" {
			phone, email = r.Phone, r.Email
		}
	}
	var out []Address
	if phone != "" {
		out = append(out, Address{Phone: phone, Own: true})
	}
	if email != "" {
		out = append(out, Address{Email: email, Own: true})
	}
	return out, nil
}
