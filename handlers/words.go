package handlers

type words struct{ title, detail [2]string } // zh, en

// problemWords are the words of every code.
var problemWords = map[string]words{
	"not_found":       {[2]string{"没有找到", "Not found"}, [2]string{"编号或链接不存在、已失效，或不属于您。", "The number or link does not exist, has ended, or is not yours."}},
	"no_token":        {[2]string{"需要凭证", "A token is needed"}, [2]string{"请在 Authorization 头中提供 Bearer 令牌或案件链接。", "Send a Bearer token, or the case's link token, in the Authorization header."}},
	"not_allowed_now": {[2]string{"现在不能这样做", "Not possible now"}, [2]string{"案件目前的状态不允许这一步，可做的见 allowed。", "The case's state does not allow this step; `allowed` lists what may be done."}},
	"guard":           {[2]string{"条件不具备", "A condition does not hold"}, [2]string{"这一步的条件（guard）目前不成立。", "The condition named in `guard` does not hold for this case now."}},
	"not_for_you":     {[2]string{"您不能办理这一步", "Not for you to do"}, [2]string{"可以办理的人见 by。", "`by` lists who may."}},
	"stale":           {[2]string{"案件已有变化", "The case has changed"}, [2]string{"您看到的版本已过时，请重新读取后再决定。", "You saw an older version: read the case again and decide anew."}},
	"missing":         {[2]string{"还缺少内容", "Something is missing"}, [2]string{"请补充 missing 列出的各项后再提交；已填写的内容没有丢失。", "Add what `missing` lists and send it again; nothing you wrote is lost."}},
	"not_a_code":      {[2]string{"此处只能填代码或编号", "A code is expected here"}, [2]string{"文字说明请写在 words 中。", "Put words into `words`; this field takes a code or a reference only."}},
	"unclean_text":    {[2]string{"文字含有不能保存的字符", "The text cannot be stored"}, [2]string{"请去掉空字符或损坏的字符。", "Remove NUL characters and broken UTF-8."}},
	"key_reused":      {[2]string{"幂等键已用于另一请求", "This idempotency key belongs to another request"}, [2]string{"同一请求用同一个键，不同请求换一个新键（建议 UUIDv7）。", "Use the same key for the same request only; take a new one (UUIDv7) for another."}},
	"unknown_event":   {[2]string{"没有这种操作", "No such event"}, [2]string{"可用的操作见 openapi.json 的枚举。", "The enum in openapi.json lists the events."}},
	"no_such_notice":  {[2]string{"没有这份通知", "No such notice"}, [2]string{"该通知已送达或从未发出，现有通知见案件的 notices。", "It was delivered already or never owed; the case's `notices` lists those that wait."}},
	"use_delivered":   {[2]string{"邀请通知请用 delivered", "Use delivered for the invitation"}, [2]string{"对商家的邀请由 delivered 事件送达。", "The merchant's invitation is served by the event delivered."}},
	"wrong_offer":     {[2]string{"方案已不是这一个", "Another offer is on the table"}, [2]string{"请重新读取案件，针对现在的方案编号答复。", "Read the case again and answer the offer that is open now."}},
	"no_such_order":   {[2]string{"没有这项督办", "No such supervision order"}, [2]string{"请用督办时限的编号。", "Name the number of the open supervision clock."}},
	"no_law":          {[2]string{"该日期没有适用的程序规定", "No procedure is known for that day"}, [2]string{"2014-03-15 以前的投诉只能作为历史导入。", "Complaints from before 2014-03-15 can only be imported as history."}},
	"nothing_to_do":   {[2]string{"无需变更", "Nothing to do"}, [2]string{"没有需要重算的时限。", "No clock needed counting again."}},
	"erased":          {[2]string{"个人信息已删除", "The personal data were erased"}, [2]string{"该案件的个人信息已依法删除，不能再读取或补充。", "They were erased as the law demands and can be neither read nor added to."}},
	"bad_json":        {[2]string{"JSON 有误", "The JSON is not right"}, [2]string{"请检查 missing 指出的字段：未知、重复、类型不符或有多余内容。", "Look at the field in `missing`: unknown, repeated, of the wrong type, or followed by more."}},
	"bad_key":         {[2]string{"幂等键有误", "The idempotency key is not right"}, [2]string{"最多 200 个字符。", "At most 200 characters."}},
	"unreadable":      {[2]string{"请求读取失败", "The request could not be read"}, [2]string{"请重新发送。", "Send it again."}},
	"too_large":       {[2]string{"内容太大", "Too large"}, [2]string{"请求不能超过 1 MiB。", "A request may have 1 MiB at most."}},
	"media_type":      {[2]string{"只接受 JSON", "JSON only"}, [2]string{"请用 Content-Type: application/json。", "Send Content-Type: application/json."}},
	"bad_query":       {[2]string{"查询参数有误", "A query parameter is not right"}, [2]string{"请检查 missing 指出的参数。", "Look at the parameter in `missing`."}},
	"method":          {[2]string{"不支持这种方法", "Method not allowed"}, [2]string{"请看 openapi.json。", "See openapi.json."}},
	"try_again":       {[2]string{"请稍后重试", "Try again"}, [2]string{"结果未知：请用同一个幂等键重试，就会知道结果，也不会重复。", "The outcome is not known: repeat the request with the same idempotency key and you learn it, and nothing happens twice."}},
	"not_ready":       {[2]string{"尚未就绪", "Not ready"}, [2]string{"数据库没有应答。", "The database does not answer."}},
	"internal":        {[2]string{"系统内部错误", "Internal error"}, [2]string{"没有保存任何内容，请报告 request_id。", "Nothing was kept; please report the request_id."}},
}

// fieldWords say why a field is asked for.
var fieldWords = map[string][2]string{
	"person":              {"投诉人的姓名和联系方式（办法第十条）", "who complains and how to reach them (Order 121 Art. 10)"},
	"person.name":         {"投诉人的姓名：办理和告知都要用到（办法第十条）", "the complainant's name, to act and to answer (Order 121 Art. 10)"},
	"person.phone":        {"电话、地址或电子邮箱，至少一种：否则处理结果无法告知您", "a telephone number, postal address or e-mail: otherwise nobody can tell you the result"},
	"publish_consent":     {"是否同意公示投诉信息：是或否都可以，但要回答", "whether the complaint may be published: yes or no, but an answer"},
	"entrust_consent":     {"是否同意委托调解：是或否都可以，但要回答", "whether mediation may be entrusted: yes or no, but an answer"},
	"elected":             {"先与商家协商须由您明确选择：这还不是向主管部门的投诉", "going to the merchant first must be your own choice: it is not yet a complaint to the authority"},
	"respondent":          {"商家的名称和地址（办法第十条）", "the merchant's name and address (Order 121 Art. 10)"},
	"words":               {"用文字说明理由或内容", "the reason or content, in words"},
	"ground":              {"当日规定中的依据代码，如 REF1", "the code of a ground of the day's regime, such as REF1"},
	"domain":              {"消费领域，1 到 12", "the domain of consumption, 1 to 12"},
	"category":            {"问题类别代码", "the code of the problem's category"},
	"town":                {"镇（街道）的区划代码", "the division code of the town"},
	"unit":                {"对该领域和地区有权处理的单位", "a unit that may deal with this domain and town"},
	"proof":               {"送达或履行的凭证", "the proof of delivery or of performance"},
	"offer":               {"所答复方案的编号", "the number of the offer that is answered"},
	"warned":              {"确认已被告知撤回的后果", "a confirmation that the consequences of withdrawing were shown"},
	"both":                {"双方的共同行为：由另一方先提议，或由工作人员同时记录双方意思", "a joint act: the other side proposes it first, or an officer records both"},
	"no_refusal_ground":   {"确认不存在不予受理的情形", "the statement that no ground of refusal applies"},
	"on_behalf.channel":   {"代为录入时的渠道", "how the person spoke, for an act on behalf"},
	"on_behalf.identity":  {"代为录入时身份如何核验", "how identity was checked, for an act on behalf"},
	"read_back":           {"代为录入的意思表示须向本人复述确认", "an act on behalf must be read back to the person"},
	"represented_consent": {"共同投诉须经被代表人同意", "those represented must agree (joint complaint)"},
	"items":               {"移送材料须齐全，且不得含有协商让步内容", "the transfer file must be complete and hold no offers"},
	"form":                {"调解书已签署、双方放弃书面形式或当场履行", "signed, waived by both, or performed at once"},
	"attempts":            {"两种渠道，或三个不同日期的送达记录", "documented attempts by two channels or on three days"},
	"other":               {"另一案件的编号", "the number of the other case"},
	"confirmed":           {"由办理人确认", "the actor's confirmation"},
	"reason":              {"原因代码", "the code of the reason"},
}

func fieldWord(field string, language int) string {
	if w, ok := fieldWords[field]; ok {
		return w[language]
	}
	return [2]string{"这一步需要此项", "needed for this step"}[language]
}
