package intake

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"fangxin/store"
	"fangxin/workflow/ledger"
	"fangxin/workflow/register"
)

// MerchantFields are what a column of a merchant file may mean, with the names it
// goes by.
var MerchantFields = map[string][]string{
	"code":            {"code", "credit_code", "统一社会信用代码", "社会信用代码", "信用代码"},
	"name":            {"name", "trade_name", "商户名称", "字号", "店名", "商家", "名称", "企业名称"},
	"legal_name":      {"legal_name", "登记名称", "法定名称", "企业全称", "单位名称", "企业名称"},
	"kind":            {"kind", "主体类型", "类型", "市场主体类型"},
	"size":            {"size", "规模", "企业规模"},
	"domain":          {"domain", "领域"},
	"town":            {"town", "镇", "街道", "所在镇", "乡镇", "区划代码"},
	"licence_address": {"licence_address", "住所", "注册地址", "登记地址"},
	"shop_address":    {"shop_address", "address", "经营地址", "经营场所", "地址"},
	"shown_address":   {"shown_address", "平台公示地址"},
	"language":        {"language", "通知语言"},
	"platform":        {"platform", "平台", "平台名称"},
	"platform_shop":   {"platform_shop", "平台店铺", "网店名称"},
	"platform_url":    {"platform_url", "网店网址", "店铺网址"},
	"phone":           {"phone", "联系电话", "电话", "手机"},
	"email":           {"email", "邮箱", "电子邮箱"},
	"status":          {"status", "状态", "登记状态", "经营状态"},
}

// wordsOf are how files write the values of a list.
var wordsOf = map[string]string{
	"公司": "company", "企业": "company", "有限责任公司": "company", "有限公司": "company", "个体工商户": "sole_trader", "个体户": "sole_trader", "个体": "sole_trader",
	"事业单位": "institution", "机构": "institution", "社会团体": "institution", "微型": "micro", "小型": "small", "中型": "medium", "大型": "large",
	"中文": "zh", "英文": "en", "English": "en",
}

// endedWords say that a merchant is there no more; the others that it is.
var endedWords = map[string]bool{"注销": true, "吊销": true, "已注销": true, "已吊销": true, "closed": true, "停业": true, "歇业": true,
	"": false, "active": false, "在业": false, "存续": false, "开业": false, "正常": false, "在营": false, "在营（开业）": false}

// merchantLot is how many rows are taken in one transaction.
const merchantLot = 500

// MerchantResult counts what became of the rows.
type MerchantResult struct {
	Read, New, Changed, Known, Waiting, Rejected int
	Reasons                                      map[string]int
}

// ImportMerchants takes every row of a file into the register, a lot at a time:
// what is kept in memory does not grow with the file. towns gives a town's
// division code by code and by name. A row that the rules cannot settle waits for
// a person; taken twice nothing is doubled.
func ImportMerchants(ctx context.Context, s *store.Store, rows func(yield func(Row) bool), towns map[string]string, opt Options) (MerchantResult, error) {
	im := &merchants{run: run{ctx: ctx, s: s, opt: opt, result: Result{Reasons: map[string]int{}}}, by: store.By{Actor: "import", Why: opt.File}}
	for row := range rows {
		if ctx.Err() != nil {
			break
		}
		im.counts.Read++
		stated, reason := merchant(row, opt, towns)
		if reason != "" {
			im.reject(row, bad{"", reason})
			continue
		}
		im.lot = append(im.lot, stated)
		if len(im.lot) == merchantLot {
			if err := im.take(); err != nil {
				return im.done(), err
			}
		}
	}
	err := im.take()
	return im.done(), errors.Join(err, im.err, ctx.Err())
}

type merchants struct {
	run
	by     store.By
	lot    []store.StatedMerchant
	counts MerchantResult
}

func (im *merchants) done() MerchantResult {
	im.counts.Rejected, im.counts.Reasons = im.result.Rejected, im.result.Reasons
	return im.counts
}

func (im *merchants) take() error {
	became, err := im.s.TakeMerchants(im.ctx, im.by, im.lot)
	if err != nil {
		return fmt.Errorf("row %d and before: %w", im.counts.Read, err)
	}
	for _, b := range became {
		switch b {
		case store.TakenNew:
			im.counts.New++
		case store.TakenChanged:
			im.counts.Changed++
		case store.TakenKnown:
			im.counts.Known++
		case store.TakenWaiting:
			im.counts.Waiting++
		}
	}
	im.lot = im.lot[:0]
	if done := im.counts.Read; im.opt.Progress != nil {
		im.opt.Progress(done)
	}
	return nil
}

// merchant reads a row; reason says why it cannot be taken.
func merchant(row Row, opt Options, towns map[string]string) (out store.StatedMerchant, reason string) {
	if row.Err != nil {
		return out, row.Err.Error()
	}
	for name, v := range row.Values {
		if !ledger.Clean(v) || strings.ContainsRune(v, '\uFFFD') {
			return out, fmt.Sprintf("%s: broken characters: save the file as UTF-8 or GB18030", name)
		}
	}
	get := func(field string) string { return valueOf(MerchantFields, row, field, opt.Map) }
	d := register.Details{Code: get("code"), Name: get("name"), LegalName: get("legal_name"), Kind: word(get("kind")), Size: word(get("size")),
		LicenceAddress: get("licence_address"), ShopAddress: get("shop_address"), ShownAddress: get("shown_address"), Language: word(get("language"))}
	if d.Name == "" {
		d.Name = d.LegalName
	}
	if v := get("town"); v != "" {
		if d.Town = towns[v]; d.Town == "" {
			return out, "town: neither a town of the county nor its code"
		}
	}
	if v := get("domain"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil {
			return out, "domain: a number from 1 to 12"
		}
		d.Domain = n
	}
	if shop := (register.Shop{Platform: get("platform"), Name: get("platform_shop"), URL: get("platform_url")}); shop != (register.Shop{}) {
		d.Shops = []register.Shop{shop}
	}
	if faults := d.Faults(); len(faults) > 0 {
		return out, faults[0].Field + ": " + map[string]string{"why.needed": "the row names no merchant", "why.choice": "none of the values that there are", "why.long_line": "too long"}[faults[0].Why]
	}
	closed, known := endedWords[strings.ToLower(get("status"))]
	if !known {
		return out, "status: active (存续) or closed (注销)"
	}
	out = store.StatedMerchant{Details: d, Closed: closed}
	for _, kind := range []string{"phone", "email"} {
		if v := get(kind); v != "" {
			out.Contacts = append(out.Contacts, store.NewContact{Kind: kind, Value: v})
		}
	}
	out.Digest = sha256.Sum256(fmt.Appendf(nil, "%q", []any{d, out.Contacts, closed}))
	return out, ""
}

// word reads a value of a list, in Chinese or as it is.
func word(s string) string {
	if w, ok := wordsOf[s]; ok {
		return w
	}
	return s
}
