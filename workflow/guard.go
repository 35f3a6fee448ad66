package workflow

import (
	"slices"
	"strings"
	"time"

	"fangxin/workflow/calendar"
)

// asking is what a guard may look at: the case, the command, the law, the
// instant, and the clock whose expiry is being raised, if any.
type asking struct {
	c       *Case
	cmd     *Command
	r       Rules
	now     time.Time
	row     *Row
	expired string
}

func (g *asking) day() calendar.Date { return calendar.On(g.now) }
func (g *asking) in() *Input         { return &g.cmd.Input }
func (g *asking) side() string       { return g.cmd.Actor.Side() }

// words reports whether the actor gave words or a reason code.
func (g *asking) words() bool {
	return g.cmd.Input.Reason != "" || g.cmd.Private != nil && strings.TrimSpace(g.cmd.Private.Words) != ""
}

// guard is one condition. needs names the input it rests on; without any it
// asks the case alone.
type guard struct {
	needs []string
	holds func(*asking) bool
}

// guardOf finds a guard, the patterns X_running, outcome_X, ground_X,
// agreement_X and acceptance_X included. Unknown names never hold.
func guardOf(name string) guard {
	if g, ok := guardTable[name]; ok {
		return g
	}
	if code, ok := strings.CutSuffix(name, "_running"); ok {
		return guard{holds: func(g *asking) bool { return g.c.Runs(code) || g.expired == code }}
	}
	if value, ok := strings.CutPrefix(name, "outcome_"); ok {
		return guard{holds: func(g *asking) bool { return g.c.Outcome == value }}
	}
	if value, ok := strings.CutPrefix(name, "ground_"); ok {
		return guard{holds: func(g *asking) bool { return g.c.Ground == value }}
	}
	if value, ok := strings.CutPrefix(name, "agreement_"); ok {
		return guard{holds: func(g *asking) bool { return g.c.Agreement == value }}
	}
	if value, ok := strings.CutPrefix(name, "acceptance_"); ok {
		return guard{holds: func(g *asking) bool { return g.c.Acceptance == value }}
	}
	return guard{holds: func(*asking) bool { return false }}
}

func is(field func(*Case) string, values ...string) guard {
	return guard{holds: func(g *asking) bool { return slices.Contains(values, field(g.c)) }}
}

func says(holds func(*asking) bool, needs ...string) guard { return guard{needs, holds} }

func sees(holds func(*asking) bool) guard { return guard{nil, holds} }

// joint is a joint act: the other side proposed it, or both halves are recorded
// at once by an officer who heard both.
func joint() guard {
	return says(func(g *asking) bool {
		proposer := g.c.Facts[factProposal+g.row.Event]
		if g.side() != "" && proposer != "" {
			return proposer != g.side()
		}
		return g.cmd.Input.Both && g.cmd.Actor.Role != "consumer" && g.cmd.Actor.Role != "merchant"
	}, "both")
}

func acceptance(c *Case) string  { return c.Acceptance }
func agreement(c *Case) string   { return c.Agreement }
func performance(c *Case) string { return c.Performance }
func ground(c *Case) string      { return c.Ground }
func outcome(c *Case) string     { return c.Outcome }

func person(g *asking) bool { return g.side() == "consumer" }

var guardTable map[string]guard

func init() { // the closures name the table's own helpers
	guardTable = map[string]guard{}
	for _, part := range []map[string]guard{caseGuards(), filingGuards(), negotiationGuards(), mediationGuards(), linkGuards(), closingGuards(), publicationGuards()} {
		for name, g := range part {
			guardTable[name] = g
		}
	}
}

// caseGuards ask the case alone.
func caseGuards() map[string]guard {
	return map[string]guard{
		"acceptance_none_or_pending":        is(acceptance, "none", "pending"),
		"acceptance_pending_or_accepted":    is(acceptance, "pending", "accepted"),
		"accepted":                          is(acceptance, "accepted"),
		"agreement_none_or_self":            is(agreement, "none", "self"),
		"agreement_mediated_or_entrusted":   is(agreement, "mediated", "entrusted"),
		"agreement_unbroken":                sees(func(g *asking) bool { return g.c.Agreement != "none" && g.c.Broken == no }),
		"agreement_broken":                  sees(func(g *asking) bool { return g.c.Broken == yes }),
		"no_agreement":                      is(agreement, "none"),
		"ground_TER1a_6_7":                  is(ground, "TER1a", "TER6", "TER7"),
		"ground_TER2_3_4_5_8":               is(ground, "TER2a", "TER2b", "TER3", "TER4", "TER5", "TER8"),
		"ground_TER2_or_TER3":               is(ground, "TER2a", "TER2b", "TER3"),
		"outcome_MEDIATED_or_SETTLED_LATER": is(outcome, "MEDIATED", "MEDIATED_ENTRUSTED", "MEDIATED_COURT", "SETTLED_SELF_IN_MEDIATION", "SETTLED_AFTER_TERMINATION"),
		"outcome_CONFIRMED_or_JUDGED":       is(outcome, "CONFIRMED", "JUDGED_CONSUMER", "JUDGED_PARTLY", "JUDGED_MERCHANT"),
		"entrusted":                         sees(func(g *asking) bool { return g.c.Mediator == "organisation" }),
		"not_entrusted":                     sees(func(g *asking) bool { return g.c.Mediator == "unit" }),
		"proof_unchallenged":                is(performance, "presumed"),
		"performance_reported":              is(performance, "reported"),
		"not_confirmed_by_consumer":         sees(func(g *asking) bool { return g.c.Performance != "done" }),
		"was_disclaimed":                    sees(func(g *asking) bool { return g.c.Facts[factDisclaimed] != "" }),
		"first_disclaim_of_this_respondent": sees(func(g *asking) bool { return g.c.Facts[factDisclaimed] != g.c.Facts[factRespondent] }),
		"was_delivered":                     sees(func(g *asking) bool { return g.c.Facts[factDelivered] == yes }),
		"merchant_reachable":                sees(func(g *asking) bool { return g.c.Facts[factReachable] == yes }),
		"resumed_at_most_twice":             sees(func(g *asking) bool { return g.c.Facts.int(factResumed) < 2 }),
		"asked_fewer_than_four_times":       sees(func(g *asking) bool { return g.c.Facts.int(factAsked) < 4 }),
		"asked_four_times":                  sees(func(g *asking) bool { return g.c.Facts.int(factAsked) >= 4 }),
		"due_passed":                        sees(func(g *asking) bool { return g.c.Clock("performance") == nil || g.c.Facts[factWillNot] == yes }),
		"confirmation_not_docketed":         sees(func(g *asking) bool { return g.c.Clock("confirmation_docketing") != nil }),
		"organisation_eligible":             sees(func(g *asking) bool { return eligible(g.c, g.r) }),
		"within_30_days":                    sees(func(g *asking) bool { return g.c.Runs("correction_of_closing") }),
		"survey_open":                       sees(func(g *asking) bool { return g.c.Clock("survey") != nil }),
		"before_due":                        sees(func(g *asking) bool { return g.c.Runs("lead_check") }),
		"once":                              sees(func(g *asking) bool { return g.c.Facts[factExtended] != yes }),
		"no_proof_in_time":                  sees(func(g *asking) bool { return g.expired == "delivery" }),
		"performance_known_or_90_days":      sees(performanceKnown),
		"both_told_who_can_be":              sees(bothTold),
		"no_duty_open":                      sees(noDutyOpen),
		"duty_owed": sees(func(g *asking) bool {
			return slices.ContainsFunc(g.c.Clocks, func(k Clock) bool { return k.Breached() })
		}),
	}
}

// eligible: the court confirms agreements of this mediator. Whether it confirms
// those of the bureau itself differs by court: the kind "bureau" says so.
func eligible(c *Case, r Rules) bool {
	if c.Mediator == "unit" {
		return slices.Contains(r.ConfirmationEligibleKinds(), "bureau")
	}
	return c.Facts[factEligible] == yes
}

func performanceKnown(g *asking) bool {
	known := slices.Contains([]string{"done", "presumed", "partly", "missed", "denied", "unknown"}, g.c.Performance)
	return known || g.c.Result == "JUDGED_MERCHANT" || g.c.Result == "NOT_DOCKETED" || g.expired == "result_close"
}

// bothTold: no termination notice is still to be handed to a channel; a party
// that no longer exists need not be told.
func bothTold(g *asking) bool {
	return !slices.ContainsFunc(g.c.Notices, func(n Notice) bool {
		return n.Kind == "termination" && !n.Told && g.c.exists(n.To)
	})
}

func noDutyOpen(g *asking) bool {
	return !slices.ContainsFunc(g.c.Clocks, func(k Clock) bool {
		return k.State.Open() && (table.clock[k.Code].Whose == "authority" ||
			slices.Contains([]string{"performance_watch", "correction_of_closing", "confirmation_application"}, k.Code))
	})
}

// filingGuards: receipt, classification, duplicates, jurisdiction, refusal.
func filingGuards() map[string]guard {
	return map[string]guard{
		"person_can_be_reached": says(func(g *asking) bool { return len(unreachable(g.cmd.Private)) == 0 }, "person"),
		"consents_recorded":     says(func(g *asking) bool { return g.in().PublishConsent != nil && g.in().EntrustConsent != nil }, "publish_consent", "entrust_consent"),
		"consumer_elected":      says(func(g *asking) bool { return g.in().Elected }, "elected"),
		"merchant_known": says(func(g *asking) bool {
			p := g.cmd.Private
			return p != nil && p.Respondent != nil && p.Respondent.Name != "" && (p.Respondent.Address != "" || p.Respondent.Code != "")
		}, "respondent"),
		"ended_elsewhere_or_before_R0": says(func(g *asking) bool {
			_, known := g.r.Regime(g.in().ReceivedOn)
			return g.in().EndedElsewhere || g.in().ReceivedOn != 0 && !known
		}, "ended_elsewhere", "received_on"),
		"required_item_or_identity_missing": says(func(g *asking) bool { return len(g.in().Missing) > 0 }, "missing"),
		"domain_category_town_respondent_set": says(func(g *asking) bool {
			f, in := g.c.Facts, g.in()
			named := in.RespondentSet || g.cmd.Private != nil && g.cmd.Private.Respondent != nil
			return (in.Domain > 0 || f[factDomain] != "") && (in.Category != "" || f[factCategory] != "") &&
				(in.Town != "" || f[factTown] != "") && (named || f[factRespondent] != "")
		}, "domain", "category", "town", "respondent"),
		"paper_or_mediation_holds_a_lead": says((*asking).words, "words"),
		"same_person_respondent_dispute": says(func(g *asking) bool {
			o := g.cmd.Related
			return o != nil && o.Known && o.SamePerson && o.SameRespondent && g.in().Confirmed
		}, "other", "confirmed"),
		"other_case_open": says(func(g *asking) bool { return g.cmd.Related != nil && g.cmd.Related.Open && g.cmd.Related.Earlier }, "other"),
		"same_dispute_and_merchant": says(func(g *asking) bool {
			return g.cmd.Related != nil && g.cmd.Related.Known && g.in().Confirmed
		}, "other", "confirmed"),
		"each_consents": says(func(g *asking) bool { return g.in().Consent }, "consent"),
		"consents":      says(func(g *asking) bool { return g.in().Consent }, "consent"),
		"at_most_two_representatives": says(func(g *asking) bool {
			return !g.in().Representative || g.c.Facts.int(factRepresent) < 2
		}, "representative"),
		"represented_consent": says(func(g *asking) bool {
			return g.c.Facts.int(factComplainants) < 2 || g.in().Represented
		}, "represented_consent"),
		"unit_competent":    says(unitCompetent, "unit"),
		"no_refusal_ground": says(func(g *asking) bool { return g.in().NoGround }, "no_refusal_ground"),
		"ground_reason_routes_given": says(func(g *asking) bool {
			return g.r.HasRefusalGround(g.day(), g.in().Ground) && g.words()
		}, "ground", "words"),
		"second_person_for_REF3": says(func(g *asking) bool {
			by := g.c.Facts[factPreparedBy]
			return g.in().Ground != "REF3" || by != "" && by != g.cmd.Actor.ID
		}, "ground"),
		"not_competent": says((*asking).words, "words"),
		"transfer_duty": says(func(g *asking) bool {
			_, duty := g.r.TransferDuty(g.c.Domain(), g.day())
			return duty && g.in().Receiver != ""
		}, "receiver"),
		"platform_place_or_other_county": says(func(g *asking) bool { return g.in().Receiver != "" && g.words() }, "receiver", "reason"),
		"within_limit": says(func(g *asking) bool {
			knew := g.in().KnewOn
			if knew == 0 {
				knew = g.c.Facts.date(factKnewOn)
			}
			return knew == 0 || g.day() <= g.r.AppealLimit(knew)
		}, "knew_on"),
	}
}

// unitCompetent: the unit named, or else the one that the county's plan routes
// to, may deal with this domain and town today and has not handed it back.
func unitCompetent(g *asking) bool {
	unit := g.unit()
	return unit != "" && unit != g.c.Facts[factReturned] && g.r.Competent(unit, g.c.Domain(), g.c.Town(), g.day())
}

func (g *asking) unit() string {
	if g.in().Unit != "" {
		return g.in().Unit
	}
	if g.c.Domain() == 0 {
		return ""
	}
	unit, _ := g.r.Unit(g.c.Domain(), g.c.Town(), g.day())
	return unit
}

// DeliveryProofs are what counts as delivered; SMTP 250 and an opened link are
// not among them.
var DeliveryProofs = []string{"sms_report", "dsn", "confirmed", "registered_post", "hand_receipt", "answer"}

func negotiationGuards() map[string]guard {
	return map[string]guard{
		"proof_of_delivery":    says(func(g *asking) bool { return slices.Contains(DeliveryProofs, g.in().Proof) }, "proof"),
		"every_channel_failed": says(func(g *asking) bool { return g.in().AllFailed }, "all_channels_failed"),
		"substantive": says(func(g *asking) bool {
			return slices.Contains([]string{"offer", "refusal", "question"}, g.in().AnswerKind) && g.words()
		}, "answer_kind", "words"),
		"reason_given":                 says((*asking).words, "words"),
		"own_offer":                    says(func(g *asking) bool { return g.c.Facts[factOfferBy] == g.side() && g.side() != "" }, "offer"),
		"not_own_offer":                says(func(g *asking) bool { return g.side() != "" && g.c.Facts[factOfferBy] != g.side() }, "offer"),
		"express":                      says(func(g *asking) bool { return g.cmd.Actor.For == "" || g.cmd.Actor.ReadBack }, "read_back"),
		"both_willing":                 joint(),
		"both_agree":                   joint(),
		"both_apply":                   joint(),
		"both_sign":                    joint(),
		"both_say_so":                  joint(),
		"both_consent_to_organisation": joint(),
		"consumer_confirms":            says(person, "on_behalf_of"),
		"consumer_confirms_or_unchallenged": says(func(g *asking) bool {
			return person(g) || slices.Contains([]string{"presumed", "done"}, g.c.Performance)
		}, "on_behalf_of"),
		"consumer_confirms_or_unchallenged_or_unknown": says(func(g *asking) bool {
			return person(g) || slices.Contains([]string{"presumed", "done", "unknown"}, g.c.Performance)
		}, "on_behalf_of"),
		"proof":  says(func(g *asking) bool { return g.in().Proof != "" }, "proof"),
		"warned": says(func(g *asking) bool { return g.in().Warned }, "warned"),
	}
}

func mediationGuards() map[string]guard {
	return map[string]guard{
		"other_has": sees(func(g *asking) bool {
			return g.c.Facts[factConsent+other(g.side())] == yes || g.side() == "" && g.cmd.Input.Both
		}),
		"other_has_not": sees(func(g *asking) bool { return g.side() != "" && g.c.Facts[factConsent+other(g.side())] != yes }),
		"refusal_or_absence_without_reason_recorded": says((*asking).words, "words"),
		"organisation_in_register": says(func(g *asking) bool {
			return g.in().Organisation != "" && g.in().OrgKind != "" && g.in().NoConflict
		}, "organisation", "organisation_kind", "no_conflict"),
		"body_agreed_or_designated": says(func(g *asking) bool {
			return g.in().Body != "" && slices.Contains([]string{"agreed", "designated"}, g.in().Chosen)
		}, "body", "chosen"),
		"cost_agreed": says(func(g *asking) bool { return g.in().Payer != "" }, "payer"),
		"signed_by_both_or_waived_or_performed_at_once": says(func(g *asking) bool {
			return slices.Contains([]string{"signed", "waived", "performed"}, g.in().Form)
		}, "form"),
		"statement": says((*asking).words, "words"),
		"REF_or_fraud_named": says(func(g *asking) bool {
			return g.in().Ground == "FRAUD" || g.r.HasRefusalGround(g.day(), g.in().Ground)
		}, "ground"),
		"no_successor":      says(func(g *asking) bool { return g.in().NoSuccessor && g.in().Lost != "" }, "no_successor", "lost"),
		"consumer_lost":     says(func(g *asking) bool { return g.in().Lost == "consumer" }, "lost"),
		"merchant_lost":     says(func(g *asking) bool { return g.in().Lost == "merchant" }, "lost"),
		"succession_shown":  says(func(g *asking) bool { return g.in().Paper != "" }, "paper"),
		"ground_named":      says((*asking).words, "words"),
		"ground_and_reason": says(func(g *asking) bool { return g.c.Ground != "" && g.words() }, "words"),
	}
}

// FeedbackCodes are what a court may feed back (transfer file, return way).
var FeedbackCodes = []string{"judged_consumer", "judged_partly", "judged_merchant", "not_docketed", "mediated", "withdrawn", "confirmed", "confirmation_refused", "docketed", "performed", "enforcement_applied", "enforced", "unknown"}

// results are the feedback codes that end a suit, and the outcome each gives.
var results = map[string]string{"judged_consumer": "JUDGED_CONSUMER", "judged_partly": "JUDGED_PARTLY", "judged_merchant": "JUDGED_MERCHANT", "not_docketed": "NOT_DOCKETED"}

// TransferItems is what a transfer file must hold (parties and addresses,
// complaint, evidence, decisions, dates of mediation, undisputed facts, consent,
// time sheet of the clocks).
var TransferItems = []string{"parties", "complaint", "evidence", "decisions", "mediation_dates", "undisputed_facts", "consent", "time_sheet"}

func linkGuards() map[string]guard {
	return map[string]guard{
		"file_complete": says(func(g *asking) bool {
			for _, kind := range TransferItems {
				if !slices.ContainsFunc(g.in().Items, func(i Item) bool { return i.Kind == kind && i.Ref != "" }) {
					return false
				}
			}
			return true
		}, "items"),
		"no_offers_inside": says(func(g *asking) bool {
			return !slices.ContainsFunc(g.in().Items, func(i Item) bool {
				return i.Offer || !slices.Contains(TransferItems, i.Kind) && i.Kind != "appraisal_report" && i.Kind != "agreement"
			})
		}, "items"),
		"feedback_code":        says(func(g *asking) bool { return results[g.in().FeedbackCode] != "" }, "feedback_code"),
		"document_if_consumer": says(func(g *asking) bool { return g.side() != "consumer" || g.in().Paper != "" }, "paper"),
		"all_consent":          says(func(g *asking) bool { return g.in().Consent }, "consent"),
	}
}

func closingGuards() map[string]guard {
	return map[string]guard{
		"clerical_or_wrong_closing": says(func(g *asking) bool {
			return g.c.Outcome != "ARCHIVED" && slices.Contains([]string{"clerical", "wrong"}, g.in().Reason)
		}, "reason"),
		"two_documented_attempts": says(twoAttempts, "attempts"),
		"lawful_request_or_retention_over": says(func(g *asking) bool {
			return slices.Contains([]string{"pipl_47", "retention"}, g.in().Reason)
		}, "reason"),
		"recorded_outage": says(func(g *asking) bool { return false }), // only Due takes T70: see due.go
	}
}

// twoAttempts: two channels, or three different days where only one exists.
func twoAttempts(g *asking) bool {
	channels, days := map[string]bool{}, map[calendar.Date]bool{}
	for _, a := range g.in().Attempts {
		if a.Paper == "" || a.Channel == "" || a.On == 0 || a.On > g.day() {
			return false
		}
		channels[a.Channel], days[a.On] = true, true
	}
	return len(channels) >= 2 || len(days) >= 3
}

func other(side string) string {
	switch side {
	case "consumer":
		return "merchant"
	case "merchant":
		return "consumer"
	}
	return ""
}
