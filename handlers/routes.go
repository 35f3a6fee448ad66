// Package handlers speaks HTTP. Every route stands in one table with who may;
// a route that does not say so keeps the server from starting. What is lawful
// is decided elsewhere: handlers read a request, hand it to the store, and put
// the answer or the refusal into words.
package handlers

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"sync"
	"time"

	"fangxin/store"
	"fangxin/workflow"

	"github.com/google/uuid"
)

// Who may call a route.
type Who string

const (
	// Anyone, without a token.
	Anyone Who = "anyone"
	// Filer is anyone; who sends an officer's token is that officer.
	Filer Who = "filer"
	// Visitor is anyone; who sends a token of the authority's own people sees more.
	Visitor Who = "visitor"
	// Holder of a capability link of the case, or an officer of its unit.
	Holder Who = "holder"
	// Uploader is anyone; who sends the secret that an upload handed out goes on
	// with what waits under it.
	Uploader Who = "uploader"
	// Machine is this machine itself, not through a proxy.
	Machine Who = "machine"
	// Keeper holds a case's link in a cookie, or is anyone: the page asks for the
	// link then.
	Keeper Who = "keeper"
	// Insider holds a session of the named membership in a cookie, or is anyone:
	// the page asks to sign in then.
	Insider Who = "insider"
	// Officer with an API token.
	Officer Who = "officer"
	// LinkHolder is a holder of a capability link, of whichever case.
	LinkHolder Who = "link"
	// Rotating is a LinkHolder, also one who just rotated his link and repeats it.
	Rotating Who = "rotating"
	// Staff are the authority's own people, without mediators, courts and other
	// authorities.
	Staff Who = "staff"
	// Signing is the SMS gateway, by a signature with the secret that it shares.
	Signing Who = "signing"
	// Member is somebody of a member of the green channel, with his session.
	Member Who = "member"
	// Supervising are supervisors and coordinators.
	Supervising Who = "supervising"
	// Desk is anybody of the authority with a session in a cookie; others are sent
	// to the page that asks to sign in. Within the page the handler asks for roles.
	Desk Who = "desk"
	// Own is Desk for what concerns nobody but the caller: his session, his
	// password. An auditor may that too.
	Own Who = "own"
)

// Route is one line of the API.
type Route struct {
	Method, Path string
	Who          Who
	Limit        Class
	Handle       func(ctx context.Context, c *Call) (any, error)
	Status       int // of success; 0: a page, which takes a form and says its own
}

// isPage tells what people's browsers ask for from what programs do.
func (r Route) isPage() bool { return r.Status == 0 }

// Server answers requests.
type Server struct {
	Store *store.Store
	Rules func() workflow.Rules
	Now   func() time.Time
	Log   *slog.Logger
	// Limits counts what callers spend; none: this node's own, with the rates of
	// their classes. Clients says where their address comes from.
	Limits  *Limits
	Clients Clients
	// Site is what the pages say of the place that they are served from.
	Site Site
	// SignIn is how long officers stay signed in.
	SignIn SignIn
	// Hooks reaches the machines that are told of events.
	Hooks Hooks
	// SMS takes what the SMS gateway reports.
	SMS Gateway
	// Bounces says how many mails of each kind this node has read where bounces
	// and reports arrive; nil where nobody reads them.
	Bounces func() map[string]int64
	// Texts is what messages say.
	Texts Texts
	// MetricsElsewhere: /metrics has an address of its own (Watch) and is not
	// served beside the API.
	MetricsElsewhere bool

	once    sync.Once
	unnamed sync.Once // says once that a proxy is not named
	began   time.Time
	metrics *metrics
	uploads chan struct{} // places for files on their way in
	// Ready says why this node's clock is not to be trusted, nil if it is.
	Ready func(ctx context.Context) error

	pages  sync.Map // the reference by language: it never changes while we run
	recall memory   // what public pages read of the statistics
	sums   fileSums // digests of the open data
}

// Routes is the whole API.
func (s *Server) Routes() []Route {
	return slices.Concat(s.routes(), s.paperRoutes(), s.resources())
}

// resources are the routes on which the table's rows are taken.
func (s *Server) resources() []Route {
	var out []Route
	add := func(kind workflow.Kind, path string, list []resource) {
		for _, r := range list {
			who := Officer
			if partyMay(r.by(kind)) {
				who = Holder
			}
			out = append(out, Route{"POST", path + r.path, who, Writing, s.resource(r, kind), cmp.Or(r.status, http.StatusOK)})
		}
	}
	add(workflow.Complaint, casePath, caseResources)
	add(workflow.Report, reportPath, reportResources)
	return out
}

func (s *Server) routes() []Route {
	return []Route{
		{"GET", "/healthz", Anyone, Probe, s.health, http.StatusOK},
		{"GET", "/readyz", Anyone, Probe, s.ready, http.StatusOK},
		{"GET", "/api/v1/openapi.json", Anyone, Reading, s.openapi, http.StatusOK},
		{"GET", "/api/v1/keys", Anyone, Reading, s.keys, http.StatusOK},
		{"POST", "/api/v1/cases", Filer, Intake, s.file, http.StatusCreated},
		{"POST", "/api/v1/checks", Anyone, Secret, s.askCheck, http.StatusCreated},
		{"POST", "/api/v1/checks/{check}/confirm", Anyone, Secret, s.confirmCheck, http.StatusOK},
		{"GET", "/api/v1/cases", Officer, Listing, s.list, http.StatusOK},
		{"GET", "/api/v1/counts", Officer, Listing, s.counts, http.StatusOK},
		{"POST", "/api/v1/search", Officer, Searching, s.search, http.StatusOK},
		{"GET", "/api/v1/cases/{number}", Holder, Reading, s.read, http.StatusOK},
		{"GET", "/api/v1/cases/{number}/receipt", Holder, Reading, s.receipt, http.StatusOK},
		{"GET", "/api/v1/cases/{number}/proof", Holder, Reading, s.proof, http.StatusOK},
		{"POST", "/api/v1/cases/{number}/commands", Holder, Writing, s.command, http.StatusOK},
		{"GET", "/api/v1/cases/{number}/events", Officer, Reading, s.events, http.StatusOK},
		{"GET", "/api/v1/cases/{number}/events/{seq}/words", Officer, Reading, s.words, http.StatusOK},
		{"GET", "/api/v1/cases/{number}/links", Staff, Reading, s.links, http.StatusOK},
		{"POST", "/api/v1/cases/{number}/links", Staff, Writing, s.giveLink, http.StatusCreated},
		{"POST", "/api/v1/cases/{number}/links/{id}/rotate", Staff, Writing, s.rotateLink, http.StatusCreated},
		{"POST", "/api/v1/cases/{number}/links/{id}/revoke", Staff, Writing, s.revokeLink, http.StatusOK},
		{"GET", "/api/v1/cases/{number}/notices", Holder, Reading, s.notices, http.StatusOK},
		{"POST", "/api/v1/cases/{number}/notices/{notice}/resend", Staff, Writing, s.resend, http.StatusOK},
		{"GET", "/api/v1/cases/{number}/notes", Staff, Reading, s.notes, http.StatusOK},
		{"POST", "/api/v1/cases/{number}/notes", Staff, Writing, s.addNote, http.StatusCreated},
		{"GET", "/api/v1/cases/{number}/data", Holder, Reading, s.data, http.StatusOK},
		{"POST", "/api/v1/cases/{number}/erasure-requests", Holder, Writing, s.askErasure, http.StatusCreated},
		{"GET", "/api/v1/statistics", Staff, Listing, s.statistics, http.StatusOK},
		{"GET", "/api/v1/statistics/cases", Staff, Listing, s.countedCases, http.StatusOK},
		{"GET", "/api/v1/statistics/snapshots", Anyone, Listing, s.snapshots, http.StatusOK},
		{"GET", "/api/v1/statistics/snapshots/{period}", Anyone, Listing, s.snapshot, http.StatusOK},
		{"GET", "/api/v1/statistics/consistency", Anyone, Reading, s.consistency, http.StatusOK},
		{"POST", "/api/v1/proofs", Anyone, Secret, s.proofOf, http.StatusOK},
		{"GET", publicStatistics, Anyone, Listing, s.publicFigures, http.StatusOK},
		{"GET", "/api/v1/escalations", Staff, Listing, s.escalations, http.StatusOK},
		{"GET", "/api/v1/erasure-requests", Supervising, Listing, s.erasures, http.StatusOK},
		{"GET", "/api/v1/uploads/limits", Anyone, Reading, s.uploadLimits, http.StatusOK},
		{"POST", "/api/v1/uploads", Uploader, Upload, s.uploadDraft, http.StatusCreated},
		{"GET", "/api/v1/uploads", Uploader, Reading, s.waiting, http.StatusOK},
		{"GET", "/api/v1/uploads/{file}/content", Uploader, Delivery, s.waitingContent, http.StatusOK},
		{"GET", "/api/v1/uploads/{file}/thumbnail", Uploader, Delivery, s.waitingThumbnail, http.StatusOK},
		{"DELETE", "/api/v1/uploads/{file}", Uploader, Removing, s.dropWaiting, http.StatusOK},
		{"GET", "/api/v1/cases/{number}/files", Holder, Reading, s.files, http.StatusOK},
		{"POST", "/api/v1/cases/{number}/files", Holder, Upload, s.uploadFile, http.StatusCreated},
		{"GET", "/api/v1/cases/{number}/files/{file}/content", Holder, Delivery, s.fileContent, http.StatusOK},
		{"GET", "/api/v1/cases/{number}/files/{file}/thumbnail", Holder, Delivery, s.fileThumbnail, http.StatusOK},
		{"DELETE", "/api/v1/cases/{number}/files/{file}", Holder, Removing, s.removeFile, http.StatusOK},
		{"GET", templatesPath, Supervising, Reading, s.templates, http.StatusOK},
		{"GET", templatePath, Supervising, Reading, s.template, http.StatusOK},
		{"PUT", templatePath, Supervising, Writing, s.saveTemplate, http.StatusOK},
		{"POST", templatePath + "/preview", Supervising, Writing, s.previewTemplate, http.StatusOK},
		{"GET", "/api/v1/me", Officer, Reading, s.me, http.StatusOK},
		{"GET", "/api/v1/users", Supervising, Reading, s.users, http.StatusOK},
		{"GET", "/api/v1/absences", Staff, Reading, s.absences, http.StatusOK},
		{"POST", "/api/v1/absences", Staff, Writing, s.sayAbsent, http.StatusCreated},
		{"POST", "/api/v1/absences/{id}/end", Staff, Writing, s.endAbsence, http.StatusOK},
		{"GET", "/api/v1/cases/{number}/merchants", Staff, Reading, s.merchantsOfCase, http.StatusOK},
		{"POST", "/api/v1/cases/{number}/merchants", Staff, Writing, s.linkMerchant, http.StatusOK},
		{"GET", "/api/v1/merchants", Visitor, Lookup, s.merchants, http.StatusOK},
		{"POST", "/api/v1/merchants", Staff, Writing, s.openMerchant, http.StatusCreated},
		{"GET", "/api/v1/merchants/{merchant}", Staff, Reading, s.merchant, http.StatusOK},
		{"PATCH", "/api/v1/merchants/{merchant}", Staff, Writing, s.changeMerchant, http.StatusOK},
		{"GET", "/api/v1/merchants/{merchant}/history", Staff, Reading, s.historyOfMerchant, http.StatusOK},
		{"GET", "/api/v1/merchants/{merchant}/contacts", Staff, Reading, s.contactsOfMerchant, http.StatusOK},
		{"POST", "/api/v1/merchants/{merchant}/contacts", Staff, Writing, s.addContact, http.StatusCreated},
		{"POST", "/api/v1/merchants/{merchant}/contacts/{contact}/end", Staff, Writing, s.endContact, http.StatusOK},
		{"POST", "/api/v1/merchants/{merchant}/rename", Staff, Writing, s.renameMerchant, http.StatusOK},
		{"POST", "/api/v1/merchants/{merchant}/merge", Staff, Writing, s.mergeMerchant, http.StatusOK},
		{"POST", "/api/v1/merchants/{merchant}/unmerge", Staff, Writing, s.unmergeMerchant, http.StatusOK},
		{"POST", "/api/v1/merchants/{merchant}/successor", Staff, Writing, s.succeedMerchant, http.StatusOK},
		{"GET", "/api/v1/merchant-reviews", Staff, Listing, s.reviews, http.StatusOK},
		{"POST", "/api/v1/merchant-reviews/{review}", Staff, Writing, s.settleReview, http.StatusOK},
		{"POST", "/api/v1/memberships", Filer, Intake, s.apply, http.StatusCreated},
		{"GET", "/api/v1/memberships", Staff, Listing, s.memberships, http.StatusOK},
		{"GET", "/api/v1/memberships/{member}", Staff, Reading, s.membership, http.StatusOK},
		{"GET", "/api/v1/memberships/{member}/files/{file}/content", Staff, Delivery, s.memberFile, http.StatusOK},
		{"GET", "/api/v1/memberships/{member}/files/{file}/thumbnail", Staff, Delivery, s.memberThumbnail, http.StatusOK},
		{"GET", "/api/v1/memberships/{member}/history", Staff, Reading, s.historyOfMember, http.StatusOK},
		{"GET", "/api/v1/memberships/{member}/figures", Staff, Reading, s.figuresOfMember, http.StatusOK},
		{"POST", "/api/v1/memberships/{member}/decisions", Staff, Writing, s.decideMember, http.StatusOK},
		{"POST", "/api/v1/memberships/{member}/supplement", Staff, Writing, s.supplyMember, http.StatusOK},
		{"POST", "/api/v1/memberships/{member}/withdrawal", Staff, Writing, s.withdrawMember, http.StatusOK},
		{"POST", "/api/v1/memberships/{member}/shop-code", Staff, Writing, s.replaceShopCode, http.StatusOK},
		{"POST", "/api/v1/memberships/{member}/people", Staff, Writing, s.addPerson, http.StatusCreated},
		{"POST", "/api/v1/memberships/{member}/people/{person}/end", Staff, Writing, s.endPerson, http.StatusOK},
		{"GET", "/api/v1/membership-leads", Staff, Listing, s.memberLeads, http.StatusOK},
		{"GET", "/api/v1/coverage", Staff, Listing, s.coverage, http.StatusOK},
		{"GET", "/api/v1/memberships/{member}/sheet.svg", Staff, Reading, s.sheet, http.StatusOK},
		{"GET", "/api/v1/memberships/{member}/sheet.pdf", Staff, Reading, s.sheetPDF, http.StatusOK},
		{"GET", publicPath, Anyone, Listing, s.publicComplaints, http.StatusOK},
		{"GET", publicPath + "/{complaint}", Anyone, Reading, s.publicComplaint, http.StatusOK},
		{"GET", publicInfringementsPath, Anyone, Listing, s.publicInfringements, http.StatusOK},
		{"GET", publicInfringementsPath + "/{infringement}", Anyone, Reading, s.publicInfringement, http.StatusOK},
		{"GET", infringementsPath, Staff, Listing, s.infringements, http.StatusOK},
		{"POST", infringementsPath, Staff, Writing, s.docket, http.StatusCreated},
		{"POST", infringementsPath + "/{infringement}/result", Staff, Writing, s.settle, http.StatusOK},
		{"GET", casePath + "/publication", Holder, Reading, s.standing, http.StatusOK},
		{"GET", "/api/v1/shops/{code}", Anyone, Lookup, s.shop, http.StatusOK},
		{"POST", "/api/v1/member/login", Anyone, Secret, s.askLogin, http.StatusAccepted},
		{"POST", "/api/v1/member/session", Anyone, Secret, s.redeemLogin, http.StatusCreated},
		{"POST", "/api/v1/member/session/end", Member, Writing, s.logout, http.StatusOK},
		{"GET", "/api/v1/member", Member, Reading, s.ownMembership, http.StatusOK},
		{"GET", "/api/v1/member/cases", Member, Listing, s.casesOfMember, http.StatusOK},
		{"GET", "/api/v1/member/figures", Member, Reading, s.figuresOfMember, http.StatusOK},
		{"GET", "/api/v1/member/sheet.svg", Member, Reading, s.sheet, http.StatusOK},
		{"GET", "/api/v1/member/sheet.pdf", Member, Reading, s.sheetPDF, http.StatusOK},
		{"POST", "/api/v1/member/supplement", Member, Writing, s.supplyMember, http.StatusOK},
		{"POST", "/api/v1/member/withdrawal", Member, Writing, s.withdrawMember, http.StatusOK},
		{"POST", "/api/v1/member/people", Member, Writing, s.addPerson, http.StatusCreated},
		{"POST", "/api/v1/member/people/{person}/end", Member, Writing, s.endPerson, http.StatusOK},
		{"POST", "/api/v1/channels/sms/reports", Signing, Writing, s.smsReports, http.StatusOK},
		{"GET", "/api/v1/webhooks", Supervising, Reading, s.webhooks, http.StatusOK},
		{"POST", "/api/v1/webhooks", Supervising, Writing, s.addWebhook, http.StatusCreated},
		{"GET", "/api/v1/webhooks/{webhook}", Supervising, Reading, s.webhook, http.StatusOK},
		{"PATCH", "/api/v1/webhooks/{webhook}", Supervising, Writing, s.changeWebhook, http.StatusOK},
		{"POST", "/api/v1/webhooks/{webhook}/rotate", Supervising, Writing, s.rotateWebhook, http.StatusOK},
		{"POST", "/api/v1/webhooks/{webhook}/pause", Supervising, Writing, s.pauseWebhook, http.StatusOK},
		{"POST", "/api/v1/webhooks/{webhook}/resume", Supervising, Writing, s.resumeWebhook, http.StatusOK},
		{"POST", "/api/v1/webhooks/{webhook}/end", Supervising, Writing, s.endWebhook, http.StatusOK},
		{"POST", "/api/v1/webhooks/{webhook}/test", Supervising, Writing, s.testWebhook, http.StatusOK},
		{"GET", "/api/v1/link", LinkHolder, Reading, s.ownLink, http.StatusOK},
		{"POST", "/api/v1/link/rotate", Rotating, Secret, s.rotateOwn, http.StatusCreated},
		{"GET", "/api/v1/cases/{number}/withdrawal", Holder, Reading, s.warning, http.StatusOK},
		{"GET", "/api/v1/reports/{number}", Officer, Reading, s.read, http.StatusOK},
		{"GET", "/api/v1/reports/{number}/events", Officer, Reading, s.events, http.StatusOK},
		{"GET", "/api/v1/vocabulary", Anyone, Reading, s.vocabulary, http.StatusOK},
		{"GET", "/api", Anyone, Reading, s.reference, http.StatusOK},
		{"GET", "/api/reference.css", Anyone, Reading, s.referenceStyle, http.StatusOK},
	}
}

// Call is one request, free of the web framework.
type Call struct {
	Param     func(name string) string
	Query     func(name string) string
	Params    url.Values // the whole query
	Body      []byte
	Key       string    // Idempotency-Key
	Upload    *incoming // the body of a route that takes files
	Language  string    // zh or en
	User      *store.User
	Link      *store.Link
	Member    *store.MemberCaller
	Session   *store.DeskSession // by which User came, on pages
	RequestID string
	header    http.Header // for a signature

	// of a page
	Form   url.Values               // the body
	cookie func(name string) string // "" when there is none
	path   string                   // as asked for
	token  string                   // of the link
	lost   bool                     // the cookie's link works no more
	draft  []byte                   // hash under which files wait that come with an act
	host   string
	from   netip.Addr // the client's address: it pays for wrong guesses
}

// key is the caller's idempotency key, or a new one: a link's token is made from
// it, so it must be known before the store would make one.
func (c *Call) key() (string, error) {
	if c.Key != "" {
		return c.Key, nil
	}
	id, err := uuid.NewV7()
	return id.String(), err
}

// scope is whose idempotency keys these are: a user's, or a party's.
func (c *Call) scope() string {
	if c.Link != nil {
		return c.Link.Role + ":" + c.Link.Actor
	}
	return "user:" + c.User.Name
}
