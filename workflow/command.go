package workflow

import (
	"time"

	"fangxin/workflow/calendar"
)

// Command asks for one change of one case: the event of a row, by somebody.
type Command struct {
	Event string
	Actor Actor
	Sees  int64 // an officer's: the version he saw; 0 asks for no check
	Input Input

	// Private is what must not reach the log: people and words. The door seals
	// it and puts its salted commitment here before the command is decided.
	Private    *Private
	Commitment string

	// Checked is what the store knows of the contact in Private.Person.
	Checked Checked

	// Related is what the store knows of the case that Input.Other names.
	Related *Related
}

// Actor is who acts, and for whom.
type Actor struct {
	Role Role
	ID   string // stable and not personal: "zhang", "consumer", "m_01J…"
	For  Role   // consumer or merchant, when entered on that party's behalf
	// Channel, Identity and ReadBack belong to acts on behalf: how the person
	// spoke (window, telephone, letter), how identity was checked, and that the
	// words were read back.
	Channel, Identity string
	ReadBack          bool
}

// Side is the party whose act this is: consumer, merchant, or "" for neither.
func (a Actor) Side() string {
	switch {
	case a.For != "":
		return string(a.For)
	case a.Role == "consumer" || a.Role == "merchant":
		return string(a.Role)
	}
	return ""
}

// Private is sealed under the case's key: it never reaches the log in clear.
type Private struct {
	Person     *Person     `json:"person,omitempty"`
	Respondent *Respondent `json:"respondent,omitempty"`
	Words      string      `json:"words,omitempty"` // facts, reason, offer terms: free text
	Service    *Service    `json:"service,omitempty"`
	Files      []File      `json:"files,omitempty"` // that came with the act
}

// File is what the log commits to of a file, salted as everything sealed: which
// one, of what kind and size, and the SHA-256 of what was received, hexadecimal.
type File struct {
	ID     string `json:"id"`
	Kind   string `json:"kind"`
	Size   int64  `json:"size"` // bytes
	SHA256 string `json:"sha256"`
}

// Person is the complainant as Order 121 Art. 10 (1) asks for.
type Person struct {
	Name     string `json:"name"`
	Phone    string `json:"phone,omitempty"`
	Email    string `json:"email,omitempty"`
	Address  string `json:"address,omitempty"`
	Identity string `json:"identity,omitempty"` // number of the identity card
}

// Service says how a paper was served by hand or by post (民事诉讼法 Art. 88 to 90
// by analogy): who took it, as what (the recipient, family, a colleague, the
// mail room), under which number of the post, and where.
type Service struct {
	TakenBy  string `json:"taken_by,omitempty"`
	Relation string `json:"relation,omitempty"`
	Mail     string `json:"mail,omitempty"`
	Place    string `json:"place,omitempty"`
}

// Respondent is the merchant as the complainant names it (Art. 10 (2)).
type Respondent struct {
	Name    string `json:"name"`
	Code    string `json:"code,omitempty"` // unified credit code
	Address string `json:"address,omitempty"`
	Phone   string `json:"phone,omitempty"`
	Email   string `json:"email,omitempty"`
}

// Checked says by which way a person was shown to be reached: phone or email, by
// a code that he entered at an instant. The zero value: nothing was checked.
type Checked struct {
	Method string
	At     time.Time
}

// Related is another case that the command names.
type Related struct {
	Number                            string
	Open, Earlier                     bool
	SamePerson, SameRespondent, Known bool
	ClosedOn                          calendar.Date // 0 while it is open
}

// Input is what a command may say besides words. Dates are legal days in
// China; amounts are fen. Which fields an event needs is said by its guards:
// Needs lists them.
type Input struct {
	// filing and classification
	Domain         int           `json:"domain,omitempty"` // 1 to 12
	Category       string        `json:"category,omitempty"`
	Town           string        `json:"town,omitempty"` // division code
	AmountFen      int64         `json:"amount_fen,omitempty"`
	Requests       []string      `json:"requests,omitempty"` // of the seven on form 1, or other
	PublishConsent *bool         `json:"publish_consent,omitempty"`
	EntrustConsent *bool         `json:"entrust_consent,omitempty"`
	Elected        bool          `json:"elected,omitempty"` // chose the merchant first, told what it means
	KnewOn         calendar.Date `json:"knew_on,omitempty"` // when the consumer knew of the harm
	RespondentSet  bool          `json:"respondent_set,omitempty"`
	Source         string        `json:"source,omitempty"` // web, window, telephone, letter, 12345, 12315, import
	Ticket         string        `json:"ticket,omitempty"` // number in the source's own system
	EndedElsewhere bool          `json:"ended_elsewhere,omitempty"`
	ReceivedOn     calendar.Date `json:"received_on,omitempty"` // first receipt by another authority, or of history
	Language       string        `json:"language,omitempty"`    // zh, en: of notices to this person

	// what an act names
	Notice   int64    `json:"notice,omitempty"` // the notice it is about or answers
	Offer    int64    `json:"offer,omitempty"`  // the offer it answers
	Other    string   `json:"other,omitempty"`  // number of another case
	Act      string   `json:"act,omitempty"`    // propose: the joint act's event
	Order    int64    `json:"order,omitempty"`  // answer_supervision: the clock's number
	Clock    int64    `json:"clock,omitempty"`  // acknowledge_breach, explain_breach: of the duty that is owed
	Unit     string   `json:"unit,omitempty"`   // department
	Receiver string   `json:"receiver,omitempty"`
	Officer  string   `json:"officer,omitempty"`
	Recused  string   `json:"recused,omitempty"` // decide_recusal: who is replaced
	Missing  []string `json:"missing,omitempty"` // items of Order 121 Art. 10 to 12

	// what was agreed or decided
	DueOn        calendar.Date `json:"due_on,omitempty"`
	PerformedOn  calendar.Date `json:"performed_on,omitempty"`
	ServedOn     calendar.Date `json:"served_on,omitempty"` // by the proof of delivery; clocks start when it is recorded, never before
	Performed    int64         `json:"performed_fen,omitempty"`
	Ground       string        `json:"ground,omitempty"` // REFx, TERx, FRAUD
	FeedbackCode string        `json:"feedback_code,omitempty"`
	CourtKind    string        `json:"court_kind,omitempty"` // prefiling, ordinary, summary
	Finding      string        `json:"finding,omitempty"`    // code of Order 121 Art. 17
	Score        int           `json:"score,omitempty"`      // survey, 1 to 5
	Organisation string        `json:"organisation,omitempty"`
	OrgKind      string        `json:"organisation_kind,omitempty"`
	Body         string        `json:"body,omitempty"`        // appraisal
	Chosen       string        `json:"chosen,omitempty"`      // agreed, designated
	Payer        string        `json:"payer,omitempty"`       // consumer, merchant, both, authority
	Form         string        `json:"form,omitempty"`        // signed, waived, performed
	Lost         string        `json:"lost,omitempty"`        // consumer, merchant
	Reason       string        `json:"reason,omitempty"`      // a code; words go into Private.Words
	AnswerKind   string        `json:"answer_kind,omitempty"` // offer, refusal, question
	Publication  string        `json:"publication,omitempty"` // publish, hold

	// proof and statements
	Proof          string    `json:"proof,omitempty"` // delivery: sms_report, dsn, confirmed, registered_post, hand_receipt; performance: reference of a file
	Paper          string    `json:"paper,omitempty"` // reference of a document
	Attempts       []Attempt `json:"attempts,omitempty"`
	Items          []Item    `json:"items,omitempty"`     // transfer file
	Confirmed      bool      `json:"confirmed,omitempty"` // what the row asks to be confirmed by the actor
	Both           bool      `json:"both,omitempty"`      // a joint act with both halves recorded
	Consent        bool      `json:"consent,omitempty"`
	Represented    bool      `json:"represented_consent,omitempty"`
	Warned         bool      `json:"warned,omitempty"`
	NoGround       bool      `json:"no_refusal_ground,omitempty"`
	NoSuccessor    bool      `json:"no_successor,omitempty"`
	WillNot        bool      `json:"will_not_perform,omitempty"`
	NoConflict     bool      `json:"no_conflict,omitempty"`
	AllFailed      bool      `json:"all_channels_failed,omitempty"`
	Representative bool      `json:"representative,omitempty"`
}

// Attempt is one documented try to serve a notice.
type Attempt struct {
	On      calendar.Date `json:"on"`
	Channel string        `json:"channel"`
	Paper   string        `json:"paper"`
}

// Item is one paper of a transfer file; Offer marks what must not be inside.
type Item struct {
	Kind  string `json:"kind"`
	Ref   string `json:"ref"`
	Offer bool   `json:"offer,omitempty"`
}
