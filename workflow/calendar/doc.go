// Package calendar counts Chinese working days and says why.
//
// Which days are worked is not arithmetic: the General Office of the State
// Council gives a notice every year, moves weekends, and sometimes changes a
// year that is already running. So the calendar is bi-temporal: a View is what
// was known on a day, and every due day names the version that it was counted
// with. Days are indexed by date, not by the year of the notice (29 December
// 2018 is in the notice for 2019). Beyond the last notice known, weekends and
// the statutory holidays are the floor and every answer is marked provisional.
package calendar
