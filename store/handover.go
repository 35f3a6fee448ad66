package store

import (
	"context"
	"encoding/hex"

	"fangxin/workflow"
	"fangxin/workflow/ledger"
)

// HandoverHead begins the list of a hand-over file: the case as of its last event,
// whose hash has all that came before under it.
func (s *Store) HandoverHead(ctx context.Context, c *workflow.Case) (ledger.Handover, error) {
	hash, e, err := s.Event(ctx, c.ID, c.Version)
	return ledger.Handover{At: e.At, Case: c.Number, Hash: hex.EncodeToString(hash), Seq: c.Version}, err
}

// SignHandover signs a list, of which every page is known. The same list gets the
// same bytes. ErrSigning when this node holds no key for its instant.
func (s *Store) SignHandover(h ledger.Handover) (ledger.Handover, error) {
	signer, err := s.signer(h.At)
	if err != nil {
		return h, err
	}
	return h, h.Sign(signer)
}
