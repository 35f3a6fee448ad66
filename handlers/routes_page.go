package handlers

import "maps"

// The parameters that pages know.
func init() {
	maps.Copy(queries, map[string][]string{"GET /track": {"number"}, "GET /file/merchants": {"merchant"}, "GET /c/{number}": {"done"}, "GET /lost": {"number"}, "GET /green/{member}": {"done"}, "GET /green/{member}/people": {"done"}, "GET /desk/sign-in": {"to", "done"}, "GET /merchants": {"q", "town", "domain", "page"}})
}

// pageRoutes are the pages. What a page does goes through the API's own
// handlers; its buttons are the moves that the case allows.
func (s *Server) pageRoutes() []Route {
	return []Route{
		{"GET", "/", Anyone, Reading, s.front, 0},
		{"GET", "/guide", Anyone, Reading, s.guide, 0},
		{"GET", "/track", Anyone, Reading, s.track, 0},
		{"GET", "/lost", Anyone, Reading, s.lostLink, 0},
		{"POST", "/lost", Anyone, Secret, s.sendLost, 0},
		{"POST", "/preferences", Anyone, Intake, s.prefer, 0},
		{"GET", "/static/{file}", Anyone, Reading, s.asset, 0},
		{"GET", "/file", Anyone, Reading, s.chooseWay, 0},
		{"POST", "/file", Anyone, Intake, s.beginDraft, 0},
		{"GET", "/file/resume", Anyone, Reading, s.resumeDraft, 0},
		{"POST", "/file/resume", Anyone, Intake, s.openDraft, 0},
		{"GET", "/file/merchants", Anyone, Lookup, s.findMerchants, 0},
		{"POST", "/file/check", Anyone, Secret, s.takeCheckStep, 0},
		{"POST", "/file/evidence", Anyone, Upload, s.takeEvidence, 0},
		{"GET", "/file/files/{file}/{size}", Anyone, Delivery, s.draftFile, 0},
		{"GET", "/file/{step}", Anyone, Reading, s.showStep, 0},
		{"POST", "/file/{step}", Anyone, Intake, s.takeStep, 0},
		{"GET", "/s/{code}", Anyone, Lookup, s.scanned, 0},
		{"GET", "/green", Anyone, Reading, s.greenDoor, 0},
		{"POST", "/green", Anyone, Secret, s.enterGreen, 0},
		{"POST", "/green/link", Anyone, Secret, s.askGreen, 0},
		{"GET", "/green/{member}", Insider, Listing, s.greenHome, 0},
		{"POST", "/green/{member}/leave", Insider, Writing, s.leaveGreen, 0},
		{"GET", "/green/{member}/case/{case}", Insider, Reading, s.greenCase, 0},
		{"GET", "/green/{member}/figures", Insider, Reading, s.greenFigures, 0},
		{"GET", "/green/{member}/people", Insider, Reading, s.greenPeople, 0},
		{"POST", "/green/{member}/people", Insider, Writing, s.invite, 0},
		{"GET", "/green/{member}/people/{person}", Insider, Reading, s.greenPerson, 0},
		{"POST", "/green/{member}/people/{person}", Insider, Writing, s.dismiss, 0},
		{"GET", "/green/{member}/sheet", Insider, Reading, s.greenSheet, 0},
		{"GET", "/green/{member}/sheet.svg", Insider, Reading, s.greenSheetSVG, 0},
		{"GET", "/green/{member}/sheet.pdf", Insider, Reading, s.greenSheetPDF, 0},
		{"GET", "/merchants", Anyone, Lookup, s.greenMerchants, 0},
		{"GET", "/join", Anyone, Reading, s.joinForm, 0},
		{"POST", "/join", Anyone, Intake, s.join, 0},
		{"GET", signInPath, Anyone, Reading, s.showSignIn, 0},
		{"POST", signInPath, Anyone, Entering, s.signIn, 0},
		{"GET", passwordPath, Anyone, Reading, s.showPassword, 0},
		{"POST", passwordPath, Anyone, Entering, s.setPassword, 0},
		{"POST", "/desk/sign-out", Own, Writing, s.signOut, 0},
		{"GET", deskPath, Desk, Reading, s.deskHome, 0},
		{"GET", "/c/{number}", Keeper, Reading, s.showCase, 0},
		{"POST", "/c/{number}", Anyone, Intake, s.openCase, 0},
		{"GET", "/c/{number}/kept", Keeper, Reading, s.keepLink, 0},
		{"GET", "/c/{number}/receipt", Keeper, Reading, s.receiptFile, 0},
		{"GET", "/c/{number}/data", Keeper, Reading, s.myData, 0},
		{"GET", "/c/{number}/data/copy", Keeper, Reading, s.dataFile, 0},
		{"POST", "/c/{number}/data", Keeper, Writing, s.eraseMine, 0},
		{"POST", "/c/{number}/leave", Keeper, Writing, s.leaveCase, 0},
		{"GET", "/c/{number}/act/{event}", Keeper, Reading, s.showAct, 0},
		{"POST", "/c/{number}/act/{event}", Keeper, Writing, s.takeAct, 0},
		{"POST", "/c/{number}/act/{event}/files", Keeper, Upload, s.takeActFiles, 0},
		{"GET", "/c/{number}/act/{event}/files/{file}/{size}", Keeper, Delivery, s.actFile, 0},
		{"GET", "/c/{number}/files/{file}", Keeper, Reading, s.showFile, 0},
		{"GET", "/c/{number}/files/{file}/{size}", Keeper, Delivery, s.pageFile, 0},
		{"POST", "/c/{number}/files/{file}/remove", Keeper, Writing, s.dropFile, 0},
	}
}
