package handlers

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strings"

	"fangxin/handlers/paper"
	"fangxin/store"
	"fangxin/workflow"
	"fangxin/workflow/calendar"
	"fangxin/workflow/ledger"
)

// handoverPath is the hand-over file of a case for the court.
const handoverPath = casePath + "/handover"

func init() {
	maps.Copy(media, map[string]string{"GET " + handoverPath: "application/zip"})
}

// handedPage is one file of a hand-over file: bytes that were made for it, or a file of
// the case.
type handedPage struct {
	name, title string
	body        []byte
	file        *store.File
}

// handoverFile is a hand-over file on its way out.
type handoverFile struct {
	s     *Server
	ctx   context.Context
	list  ledger.Handover
	pages []handedPage
}

// handover makes the hand-over file of a case that is in the court link: for the
// authority's people and the court. It changes nothing, and gives the same bytes
// until something happens to the case.
func (s *Server) handover(ctx context.Context, c *Call) (any, error) {
	if !reads(c.User) && !isOne(c.User, append([]workflow.Role{"court"}, staff...)) {
		p := problem("not_for_you")
		p.By = append([]workflow.Role{"court"}, staff...)
		return nil, p
	}
	v, err := s.open(ctx, c, workflow.Complaint)
	if err != nil {
		return nil, err
	}
	if v.State.Stage() != "LITIGATION_LINK" {
		return nil, problem("no_handover")
	}
	h, err := s.gather(ctx, v)
	if err != nil {
		return nil, err
	}
	out := &handoverFile{s: s, ctx: ctx, pages: h.pages}
	if out.list, err = s.Store.HandoverHead(ctx, &v.Case); err != nil {
		return nil, err
	}
	for _, p := range out.pages {
		out.list.Pages = append(out.list.Pages, p.line())
	}
	out.list, err = s.Store.SignHandover(out.list)
	return out, s.unsigned(ctx, err)
}

// line is the page as the list names it.
func (p *handedPage) line() ledger.HandoverPage {
	out := ledger.HandoverPage{Name: p.name, Title: p.title}
	if p.file != nil {
		out.Size, out.SHA256 = p.file.KeptSize, hex.EncodeToString(p.file.Kept)
		return out
	}
	sum := sha256.Sum256(p.body)
	out.Size, out.SHA256 = int64(len(p.body)), hex.EncodeToString(sum[:])
	return out
}

func (f *handoverFile) open(i int) (io.ReadCloser, error) {
	p := &f.pages[i]
	if p.file == nil {
		return io.NopCloser(bytes.NewReader(p.body)), nil
	}
	return f.s.Store.OpenFile(f.ctx, *p.file, false)
}

// send writes the file. Every page is read and held against its digest before the
// first byte goes out; what breaks after that ends the connection, and half a file
// is refused by whoever checks it.
func (f *handoverFile) send(w http.ResponseWriter, _ *http.Request) error {
	h := w.Header()
	h.Set("Content-Type", "application/zip")
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": f.list.Case + "-handover.zip"}))
	h.Set("Cache-Control", "private, no-store")
	slow, end := patiently(w, f.s.Limits.bodyTime)
	defer end()
	return ledger.WriteHandover(slow, f.list, f.open)
}

// handed gathers what a court may have of a case.
type handed struct {
	*filling
	offers []spoken // what was offered or said in conceding
	pages  []handedPage
}

// spoken are words that stay with those who talked, as they were written and
// without blanks.
type spoken struct {
	seq        int64
	raw, solid string
}

// conceding are the acts of which no word leaves the bureau: what a party concedes may
// not be used against it (特邀调解规定 Art. 22). The words of other acts are left out as well
// unless they are gathered by name; by this list words are found again that somebody
// repeats elsewhere. The number is how many characters it takes: 同意 alone is no offer.
var conceding = map[string]int{"offer": 4, "answer_with_offer": 4, "counter": 4, "propose": 4, "settle_outside": 4, "settle_themselves": 4, "settled_in_link": 4, "agree_new_date": 4,
	"accept_offer": 8, "reject_offer": 8, "take_back_offer": 8, "answer": 8, "say": 8, "hold_session": 8}

// withheld stands where words that were offered earlier would be repeated.
const withheld = "（本项文字复述了协商、调解中的方案或意见，依法不移送）"

func (s *Server) gather(ctx context.Context, v store.View) (*handed, error) {
	f := &filling{s: s, v: v}
	var err error
	if f.events, err = s.Store.Events(ctx, v.Number); err != nil {
		return nil, err
	}
	if f.told, err = s.Store.Parts(ctx, v.ID); err != nil {
		return nil, err
	}
	f.people()
	h := &handed{filling: f}
	for _, e := range f.events {
		words := strings.TrimSpace(f.told[e.Seq].Words)
		if least := conceding[e.Event]; least > 0 && len([]rune(squeezed(words))) >= least {
			h.offers = append(h.offers, spoken{e.Seq, words, squeezed(words)})
		}
	}
	for _, add := range []func(context.Context) error{h.sheet, h.filing, h.served, h.evidence, h.index} {
		if err := add(ctx); err != nil {
			return nil, err
		}
	}
	return h, nil
}

// squeezed is a text without blanks, so that a broken line hides nothing.
func squeezed(text string) string { return strings.Join(strings.Fields(text), "") }

// repeats reports whether a text of an event repeats what was offered before it.
func (h *handed) repeats(seq int64, text string) bool {
	text = squeezed(text)
	return slices.ContainsFunc(h.offers, func(o spoken) bool { return o.seq < seq && strings.Contains(text, o.solid) })
}

// words are what was sealed with an event, or that they are withheld.
func (h *handed) words(e *workflow.Event) string {
	if text := h.told[e.Seq].Words; !h.repeats(e.Seq, text) {
		return text
	}
	return withheld
}

func (h *handed) add(name, title string, body []byte) {
	h.pages = append(h.pages, handedPage{name: name, title: title, body: body})
}

// filing is the complaint as it was filed, byte for byte, with its receipt: who
// holds both can show that the log commits to these words.
func (h *handed) filing(ctx context.Context) error {
	r, err := h.s.Store.Receipt(ctx, h.v.Number)
	if err := h.s.unsigned(ctx, err); err != nil {
		return err
	}
	h.add("filing.json", "投诉原文（登记时封存的原始字节）", h.told[1].Text)
	h.add("receipt.json", "登记回执（含承诺值和签名）", r.Append(nil))
	return nil
}

// served are the papers that stand: decisions and the agreement.
func (h *handed) served(ctx context.Context) error {
	all, err := h.s.Store.CasePaperRows(ctx, h.v.Number)
	if err != nil {
		return err
	}
	for i := range all {
		p := &all[i]
		if !slices.Contains([]string{"acceptance", "termination", "agreement"}, p.Form) || superseded(all, i, h.events) != "" {
			continue
		}
		if p.Form != "agreement" && h.repeats(p.Seq, h.told[p.Seq].Words) {
			continue
		}
		pdf, err := h.s.Store.CasePaperBytes(ctx, *p)
		if err != nil {
			return err
		}
		h.add("papers/"+p.Code()+".pdf", say("zh", "form."+p.Form, nil)+" "+p.Number, pdf)
	}
	return nil
}

// evidence are the files that both sides may see and that came with the filing or
// as evidence; not one that an offer brought or cites, or that holds its words.
func (h *handed) evidence(ctx context.Context) error {
	all, err := h.s.Store.Files(ctx, h.v.Number)
	if err != nil {
		return err
	}
	brought := map[int64]bool{}
	cited := ""
	for _, e := range h.events {
		brought[e.Seq] = tells(&e) || e.Event == "add_evidence"
		if conceding[e.Event] > 0 {
			cited += " " + e.Data.Info["paper"] + " " + e.Data.Info["proof"]
		}
	}
	for i := range all {
		f := &all[i]
		if f.State != store.FileKept || f.Seen != store.SeenByBoth || !brought[f.Seq] {
			continue
		}
		held, err := h.holdsAnOffer(ctx, f)
		if err != nil {
			return err
		}
		if held || strings.Contains(cited, f.ID) {
			continue
		}
		ends := store.FileKindOf(f.Kind).Ends
		if store.FileKindOf(f.Kind).Group == store.GroupPicture {
			ends = store.FileKindOf("jpeg").Ends
		}
		h.pages = append(h.pages, handedPage{name: "evidence/" + f.ID + ends[0], title: "证据：" + evidenceName(f), file: f})
	}
	return nil
}

func evidenceName(f *store.File) string {
	who := map[string]string{"consumer": "投诉人", "merchant": "被投诉人", "": "行政机关"}[f.Side]
	return who + "于" + paper.Day(calendar.On(f.At)) + "提交，收到时 SHA-256 " + hex.EncodeToString(f.SHA256[:])
}

// holdsAnOffer looks through a file's bytes for words that were offered before it
// came.
func (h *handed) holdsAnOffer(ctx context.Context, f *store.File) (bool, error) {
	var needles [][]byte
	longest := 0
	for _, o := range h.offers {
		if o.seq < f.Seq {
			needles, longest = append(needles, []byte(o.raw)), max(longest, len(o.raw))
		}
	}
	if len(needles) == 0 {
		return false, nil
	}
	r, err := h.s.Store.OpenFile(ctx, *f, false)
	if err != nil {
		return false, err
	}
	defer func() { _ = r.Close() }()
	window, kept := make([]byte, 64<<10+longest), 0
	for {
		n, err := io.ReadFull(r, window[kept:])
		for _, needle := range needles {
			if bytes.Contains(window[:kept+n], needle) {
				return true, nil
			}
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		kept = copy(window, window[kept+n-longest:kept+n]) // what lies across two windows
	}
}

// sheet is the case in sections, for people and, as case.json, for programs.
func (h *handed) sheet(context.Context) error {
	parts := h.sections()
	county := h.s.Rules().County()
	law, _ := h.s.Rules().Articles(calendar.On(h.v.At))
	pdf, err := paper.Draw(paper.Transfer{Head: paper.Head{Authority: county.Authority, Number: "随案移送，不另编号", Case: h.v.Number, On: calendar.On(h.v.At), Law: law.Law}, Sections: parts})
	if err != nil {
		return err
	}
	text, err := json.Marshal(map[string]any{"case": h.v.Number, "at": h.v.At, "seq": h.v.Version, "sections": parts})
	if err != nil {
		return err
	}
	h.add("case.pdf", "案件移送情况表", pdf)
	h.add("case.json", "案件移送情况表（供程序读取）", text)
	return nil
}

// index is the list for people. It comes last in the making and first in reading.
func (h *handed) index(context.Context) error {
	county := h.s.Rules().County()
	in := paper.Index{Head: paper.Head{Authority: county.Authority, Number: "随案移送，不另编号", Case: h.v.Number}}
	for i := range h.pages {
		l := h.pages[i].line()
		in.Rows = append(in.Rows, paper.IndexRow{Title: l.Title, Name: l.Name, Size: fmt.Sprint(l.Size), SHA256: l.SHA256})
	}
	pdf, err := paper.Draw(in)
	h.pages = slices.Insert(h.pages, 0, handedPage{name: "index.pdf", title: "移送材料目录", body: pdf})
	return err
}
