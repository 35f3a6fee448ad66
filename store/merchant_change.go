package store

import (
	"context"
	"slices"

	"fangxin/workflow"
	"fangxin/workflow/calendar"
	"fangxin/workflow/register"
)

// OpenMerchant opens an entry that an officer states.
func (s *Store) OpenMerchant(ctx context.Context, q Once, by By, d register.Details, contacts []NewContact) (register.Merchant, error) {
	q.Asked = []any{d, by.Why, s.macsOf(contacts)}
	var out register.Merchant
	err := s.writeOnce(ctx, q, &out, func(b *book) error {
		e := &entry{Merchant: register.Merchant{Status: register.Active, Details: d}}
		if err := b.fresh([]*entry{e}); err != nil {
			return err
		}
		out = e.Merchant
		if err := b.insert([]*entry{e}, by, "opened", ""); err != nil {
			return err
		}
		return b.addContacts([]contactsOf{{id: e.id, fresh: contacts}}, by, true)
	})
	return out, err
}

func (s *Store) macsOf(contacts []NewContact) [][]byte {
	var out [][]byte
	for _, c := range contacts {
		out = append(out, s.cfg.Keys.contactMac(c))
	}
	return out
}

// seen reads an entry in the version that the caller saw; 0 asks for no check.
func (b *book) seen(ref string, sees int64) (entry, error) {
	e, err := entryByRef(b.ctx, b.tx, ref)
	if err == nil && sees != 0 && sees != e.Version {
		err = &workflow.Refusal{Code: "stale_entry"}
	}
	return e, err
}

// change reads an entry, changes it and writes it with a line of history.
func (s *Store) change(ctx context.Context, q Once, by By, ref, what string, sees int64, do func(b *book, after *entry) (other string, err error)) (register.Merchant, error) {
	var out register.Merchant
	err := s.writeOnce(ctx, q, &out, func(b *book) error {
		before, err := b.seen(ref, sees)
		if err != nil {
			return err
		}
		if before.Status == register.Merged && what != "unmerged" {
			return &workflow.Refusal{Code: "merchant_merged"}
		}
		after := before
		other, err := do(b, &after)
		if err != nil {
			return err
		}
		err = b.save(&before, &after, by, what, other)
		out = after.Merchant
		return err
	})
	return out, err
}

// ChangeMerchant corrects an entry or settles its status. A new name is a
// correction here; a merchant that took another name is renamed.
func (s *Store) ChangeMerchant(ctx context.Context, q Once, by By, ref string, sees int64, p register.Patch) (register.Merchant, error) {
	q.Asked = []any{ref, sees, p, by.Why}
	return s.change(ctx, q, by, ref, "changed", sees, func(_ *book, after *entry) (string, error) {
		p.Apply(&after.Merchant)
		return "", nil
	})
}

// RenameMerchant gives a merchant another name from now on; it is found under the
// old one as well.
func (s *Store) RenameMerchant(ctx context.Context, q Once, by By, ref string, sees int64, name, legal string) (register.Merchant, error) {
	q.Asked = []any{ref, sees, name, legal, by.Why}
	return s.change(ctx, q, by, ref, "renamed", sees, func(b *book, after *entry) (string, error) {
		after.Rename(register.Former{Name: name, LegalName: legal, Until: b.now})
		return "", nil
	})
}

// MergeMerchant says that an entry and another are one merchant. Its history, its
// contacts and its cases stay under its own name and are read with the other's.
func (s *Store) MergeMerchant(ctx context.Context, q Once, by By, ref string, sees int64, into string) (register.Merchant, error) {
	q.Asked = []any{ref, sees, into, by.Why}
	var out register.Merchant
	err := s.writeOnce(ctx, q, &out, func(b *book) error {
		e, err := b.seen(ref, sees)
		if err != nil {
			return err
		}
		target, err := entryByRef(b.ctx, b.tx, into)
		if err != nil {
			return err
		}
		out, err = b.merge(e, target, by)
		return err
	})
	return out, err
}

// merge joins an entry with another that is not merged itself, so that there is
// never a circle; whatever a person was to settle about it is settled.
func (b *book) merge(e, into entry, by By) (register.Merchant, error) {
	if e.Status == register.Merged || into.Status == register.Merged {
		return e.Merchant, &workflow.Refusal{Code: "merchant_merged"}
	}
	if e.id == into.id {
		return e.Merchant, &workflow.Refusal{Code: "same_merchant"}
	}
	after := e
	after.Status, after.MergedInto = register.Merged, into.ID
	if err := b.save(&e, &after, by, "merged", into.ID); err != nil {
		return e.Merchant, err
	}
	if _, err := b.tx.ExecContext(b.ctx, "update merchants set merged_into = $1 where id = $2", into.id, e.id); err != nil {
		return e.Merchant, err
	}
	if err := b.note(into.id, by, "merged_in", HistoryBody{Other: e.ID}); err != nil {
		return e.Merchant, err
	}
	_, err := b.tx.ExecContext(b.ctx, "update merchant_reviews set state = 'settled', decision = 'same', actor = $1, why = $2, decided_at = $3 where merchant_id = $4 and state = 'open'",
		by.Actor, by.Why, b.s.stamp(b.now), e.id)
	return after.Merchant, err
}

// UnmergeMerchant takes a wrong merger back: nothing was moved, so nothing has to
// be put back. The entry is unverified until somebody has looked.
func (s *Store) UnmergeMerchant(ctx context.Context, q Once, by By, ref string, sees int64) (register.Merchant, error) {
	q.Asked = []any{ref, sees, by.Why}
	return s.change(ctx, q, by, ref, "unmerged", sees, func(b *book, after *entry) (string, error) {
		if after.Status != register.Merged {
			return "", &workflow.Refusal{Code: "merchant_not_merged"}
		}
		other, err := entryByRef(b.ctx, b.tx, after.MergedInto)
		if err != nil {
			return "", err
		}
		after.Status, after.MergedInto = register.Unverified, ""
		if _, err := b.tx.ExecContext(b.ctx, "update merchants set merged_into = null where id = $1", after.id); err != nil {
			return "", err
		}
		return other.ID, b.note(other.id, by, "unmerged_from", HistoryBody{Other: after.ID})
	})
}

// SucceedMerchant says that another merchant took over what this one was, from a
// day on: two legal persons, each with its own history.
func (s *Store) SucceedMerchant(ctx context.Context, q Once, by By, ref string, sees int64, successor string, since calendar.Date) (register.Merchant, error) {
	q.Asked = []any{ref, sees, successor, since, by.Why}
	return s.change(ctx, q, by, ref, "succeeded", sees, func(b *book, after *entry) (string, error) {
		other, err := entryByRef(b.ctx, b.tx, successor)
		switch {
		case err != nil:
			return "", err
		case other.id == after.id:
			return "", &workflow.Refusal{Code: "same_merchant"}
		case slices.Contains(after.Successors, other.ID):
			return "", &workflow.Refusal{Code: "nothing_to_do"}
		}
		after.Successors = append(slices.Clone(after.Successors), other.ID)
		if _, err := b.tx.ExecContext(b.ctx, "insert into merchant_successors (from_id, to_id, since) values ($1, $2, $3)", after.id, other.id, since.String()); err != nil {
			return "", err
		}
		return other.ID, b.note(other.id, by, "succeeds", HistoryBody{Other: after.ID})
	})
}
