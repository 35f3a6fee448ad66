package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"fangxin/jobs"
	"fangxin/store"
	"fangxin/workflow/ledger"

	"filippo.io/age"
)

// KeysCmd is about the keys that sign.
type KeysCmd struct {
	List     KeysList     `cmd:"" help:"List every public key that ever signed, with its term."`
	Rotate   KeysRotate   `cmd:"" help:"Make a new signing key; the old one stays published."`
	Revoke   KeysRevoke   `cmd:"" help:"Say from when on a key is not to be trusted, and make a new one."`
	Retire   KeysRetire   `cmd:"" help:"End the term of a key that was lost, or was another node's."`
	Identity KeysIdentity `cmd:"" help:"Make an identity that opens backups, and print its recipient."`
}

// KeysList lists public keys.
type KeysList struct {
	JSON bool `name:"json" help:"As GET /api/v1/keys publishes it."`
}

// Run prints id, term and key.
func (c *KeysList) Run(g *Globals) error {
	e, err := g.open(g.clock)
	if err != nil {
		return err
	}
	defer func() { _ = e.Close() }()
	l, err := e.PublicKeys(g.Context)
	if err != nil {
		return err
	}
	if c.JSON {
		fmt.Fprintln(g.Out, string(l.Append(nil)))
		return nil
	}
	for _, k := range l.Keys {
		fmt.Fprintf(g.Out, "%s  %s  %s\n", k.ID, term(k), k.Key)
	}
	return nil
}

// term puts a key's term into words.
func term(k ledger.PublicKey) string {
	words := "from " + k.From.Format(time.RFC3339)
	if !k.To.IsZero() {
		words += " to " + k.To.Format(time.RFC3339)
	}
	if !k.Revoked.IsZero() {
		words += " REVOKED from " + k.Revoked.Format(time.RFC3339) + " (" + k.Reason + ")"
	}
	return words
}

// KeysRotate makes a new signing key.
type KeysRotate struct{}

// Run puts it first into the file and publishes it; where the keys are a
// setting, prints the setting's new value.
func (c *KeysRotate) Run(g *Globals) error {
	e, err := g.open(g.clock)
	if err != nil {
		return err
	}
	defer func() { _ = e.Close() }()
	return rotate(g, e)
}

func rotate(g *Globals, e *engine) error {
	site := e.law.Load().County().Zh
	path := filepath.Join(g.Data, "signing-key")
	if _, err := os.Stat(path); g.SigningKey != "" || err != nil {
		text, err := e.NextSigning(site)
		if err != nil {
			return err
		}
		fmt.Fprintln(g.Err, "the signing key is a setting: give every node this value of FANGXIN_SIGNING_KEY and start it again; ten minutes after the first did, the new key signs")
		fmt.Fprintln(g.Out, text)
		return nil
	}
	id, err := store.RotateSigning(path, site)
	if err != nil {
		return err
	}
	if err := errors.Join(e.TakeKeys(g.Context), jobs.KeepKeys(g.Context, e.Store, g.Data)); err != nil {
		return err
	}
	l, err := e.PublicKeys(g.Context)
	if err != nil {
		return err
	}
	k, _ := l.Find(id)
	fmt.Fprintf(g.Out, "%s  %s  %s\n", k.ID, term(k), k.Key)
	return nil
}

// KeysRevoke revokes a key.
type KeysRevoke struct {
	ID     string `arg:"" help:"Id of the key."`
	Since  string `help:"From when on, 2026-05-06T01:12:44Z; empty: now."`
	Reason string `required:"" help:"Published with the key."`
}

// Run revokes the key and makes the next one, which signs from the same instant.
func (c *KeysRevoke) Run(g *Globals) error {
	since := g.clock()
	if c.Since != "" {
		var err error
		if since, err = time.Parse(time.RFC3339, c.Since); err != nil {
			return errUse{fmt.Errorf("--since: %q is no instant, such as 2026-05-06T01:12:44Z", c.Since)}
		}
	}
	e, err := g.open(g.clock)
	if err != nil {
		return err
	}
	defer func() { _ = e.Close() }()
	if err := e.EndKey(g.Context, c.ID, since.UTC().Truncate(time.Microsecond), true, c.Reason); err != nil {
		return err
	}
	fmt.Fprintf(g.Out, "%s: receipts given from %s on are not good under it; their holders can fetch them again\n", c.ID, since.UTC().Format(time.RFC3339))
	if newest, err := e.NewestSigning(); err != nil || newest != c.ID {
		return errors.Join(err, jobs.KeepKeys(g.Context, e.Store, g.Data))
	}
	return rotate(g, e)
}

// KeysRetire retires a key.
type KeysRetire struct {
	ID string `arg:"" help:"Id of the key."`
}

// Run ends its term now.
func (c *KeysRetire) Run(g *Globals) error {
	e, err := g.open(g.clock)
	if err != nil {
		return err
	}
	defer func() { _ = e.Close() }()
	return errors.Join(e.EndKey(g.Context, c.ID, g.clock(), false, ""), jobs.KeepKeys(g.Context, e.Store, g.Data))
}

// KeysIdentity makes an age identity.
type KeysIdentity struct {
	File string `arg:"" help:"Where to write it; keep it off this machine." type:"path"`
}

// Run writes the identity for its owner alone and prints the recipient.
func (c *KeysIdentity) Run(g *Globals) error {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		return err
	}
	f, err := os.OpenFile(c.File, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	text := strings.Join([]string{"# opens Fangxin's backups: keep it off the machine that makes them", "# recipient: " + id.Recipient().String(), id.String(), ""}, "\n")
	_, err = f.WriteString(text)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	fmt.Fprintln(g.Out, id.Recipient())
	return nil
}
