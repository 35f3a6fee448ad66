package workflow

// ClockDefs lists every clock of the table, in the order in which clocks that
// are due in the same instant expire. Lengths are law by date: workflow/policy.
var ClockDefs = []ClockDef{
	{Code: "triage", Starts: OnEvent, Raises: "triage_overdue", Whose: "authority", Expiry: Breach},
	{Code: "correction", Starts: OnNotice, Raises: "correction_lapsed", Whose: "consumer", Expiry: Lapse},
	{Code: "accept_decision", Starts: OnEvent, Raises: "accept_overdue", Whose: "authority", Expiry: Breach, UntilTold: true},
	{Code: "delivery", Starts: OnEvent, Raises: "delivery_failed", Whose: "system", Expiry: End},
	{Code: "merchant_first_answer", Starts: OnNotice, Raises: "answer_overdue", Whose: "merchant", Expiry: Breach},
	{Code: "green_channel", Starts: OnNotice, Raises: "green_channel_expired", Whose: "merchant", Expiry: End},
	{Code: "negotiation_extension", Starts: OnEvent, Raises: "extension_ended", Whose: "system", Expiry: End},
	{Code: "offer_reply", Starts: OnNotice, Raises: "offer_lapsed", Whose: "party", Expiry: Lapse},
	{Code: "election", Starts: OnNotice, Raises: "election_expired", Whose: "consumer", Expiry: Lapse},
	{Code: "performance", Starts: OnEvent, Raises: "performance_missed", Whose: "merchant", Expiry: Breach},
	{Code: "proof_challenge", Starts: OnNotice, Raises: "performance_unchallenged", Whose: "consumer", Expiry: Lapse},
	{Code: "performance_election", Starts: OnNotice, Raises: "performance_unknown", Whose: "consumer", Expiry: Lapse},
	{Code: "jurisdiction_dispute", Starts: OnEvent, Raises: "jurisdiction_overdue", Whose: "authority", Expiry: Breach},
	{Code: "conference", Starts: OnEvent, Raises: "conference_due", Whose: "authority", Expiry: Breach},
	{Code: "manual_contact", Starts: OnEvent, Raises: "manual_contact_overdue", Whose: "authority", Expiry: Breach},
	{Code: "appraisal_report", Starts: OnEvent, Raises: "appraisal_overdue", Whose: "authority", Expiry: Breach},
	{Code: "mediation_end", Starts: OnEvent, Raises: "mediation_period_ended", Whose: "authority", Expiry: End, Pauses: []string{"appraisal"}},
	{Code: "termination_decision", Starts: OnEvent, Raises: "termination_overdue", Whose: "authority", Expiry: Breach},
	{Code: "termination_notice", Starts: OnEvent, Raises: "termination_notice_overdue", Whose: "authority", Expiry: Breach},
	{Code: "link_election", Starts: OnNotice, Raises: "link_lapsed", Whose: "consumer", Expiry: Lapse},
	{Code: "confirmation_application", Starts: OnEvent, Raises: "confirmation_window_closed", Whose: "party", Expiry: Lapse},
	{Code: "confirmation_docketing", Starts: OnEvent, Raises: "court_overdue", Whose: "court", Expiry: Breach},
	{Code: "confirmation_decision", Starts: OnEvent, Raises: "court_overdue", Whose: "court", Expiry: Breach},
	{Code: "mediator_accepts", Starts: OnEvent, Raises: "mediator_silent", Whose: "mediator", Expiry: Breach},
	{Code: "court_mediation", Starts: OnEvent, Raises: "court_period_ended", Whose: "mediator", Expiry: End, Pauses: []string{"court_appraisal"}},
	{Code: "feedback", Starts: OnEvent, Raises: "feedback_due", Whose: "authority", Expiry: Breach},
	{Code: "result_close", Starts: OnEvent, Raises: "close_with_result", Whose: "authority", Expiry: End},
	{Code: "lead_check", Starts: OnEvent, Raises: "lead_overdue", Whose: "authority", Expiry: Breach},
	{Code: "supervision", Starts: OnEvent, Raises: "supervision_overdue", Whose: "authority", Expiry: Breach},
	{Code: "foreign_duty", Starts: OnEvent, Raises: "foreign_overdue", Whose: "other_authority", Expiry: Breach},
	{Code: "survey", Starts: OnNotice, Raises: "survey_lapsed", Whose: "consumer", Expiry: Lapse},
	{Code: "service", Starts: OnEvent, Raises: "service_overdue", Whose: "authority", Expiry: Breach},
	{Code: "proposal", Starts: OnNotice, Raises: "proposal_lapsed", Whose: "party", Expiry: Lapse},
	{Code: "publish", Starts: OnEvent, Raises: "publication_overdue", Whose: "authority", Expiry: Breach},
	{Code: "performance_watch", Starts: OnEvent, Raises: "watch_ended", Whose: "system", Expiry: End},
	{Code: "correction_of_closing", Starts: OnEvent, Raises: "correction_window_ended", Whose: "system", Expiry: End},
}

// Outcomes lists how a case can end.
var Outcomes = []string{"SETTLED_SELF", "SETTLED_SELF_IN_MEDIATION", "MEDIATED", "MEDIATED_ENTRUSTED", "MEDIATED_COURT", "CONFIRMED", "JUDGED_CONSUMER", "JUDGED_PARTLY", "JUDGED_MERCHANT", "NOT_DOCKETED", "RESULT_UNKNOWN", "AGREED_NOT_PERFORMED", "REFUSED", "TERMINATED", "WITHDRAWN", "TRANSFERRED", "MERGED", "EXPIRED_NO_ELECTION", "ARCHIVED", "SETTLED_AFTER_TERMINATION"}

// leaving voids the named clocks when a case leaves the place for a state
// outside it ("r" resumes); rows name only what is met or expired.
var leaving = []leave{
	{Place: "RECEIVED", Clocks: []string{"triage", "correction"}},
	{Place: "NEGOTIATION", Clocks: []string{"delivery", "merchant_first_answer", "green_channel", "negotiation_extension", "offer_reply", "election"}},
	{Place: "NEGOTIATION.undeliverable", Clocks: []string{"manual_contact"}},
	{Place: "undecided_referral", Clocks: []string{"jurisdiction_dispute"}},
	{Place: "mediation", Clocks: []string{"conference"}},
	{Place: "REFERRAL.appraisal", Clocks: []string{"appraisal_report", "r mediation_end"}},
	{Place: "awaiting_performance", Clocks: []string{"performance", "proof_challenge", "performance_election"}},
	{Place: "REFERRAL.terminating", Clocks: []string{"termination_decision"}},
	{Place: "LITIGATION_LINK.link_offered", Clocks: []string{"link_election"}},
	{Place: "LITIGATION_LINK.file_transferred", Clocks: []string{"mediator_accepts"}},
	{Place: "LITIGATION_LINK.court_mediation", Clocks: []string{"court_mediation", "appraisal_report"}},
	{Place: "LITIGATION_LINK.confirmation_pending", Clocks: []string{"confirmation_docketing", "confirmation_decision"}},
	{Place: "LITIGATION_LINK.litigation_pending", Clocks: []string{"feedback"}},
	{Place: "LITIGATION_LINK.result_received", Clocks: []string{"result_close"}},
	{Place: "CLOSED", Clocks: []string{"survey", "publish", "performance_watch", "correction_of_closing", "foreign_duty"}},
}
