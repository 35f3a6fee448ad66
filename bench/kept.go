package main

import (
	"database/sql"
	"net/url"
	"strconv"
	"strings"

	"fangxin/migrations"
)

// kept says what a large database is called that is built once, and whether it is
// there. Its name holds the schema's: another schema is another database.
func kept(server, name string) (full string, there bool, err error) {
	admin, err := sql.Open("pgx", server)
	if err != nil {
		return "", false, err
	}
	defer func() { _ = admin.Close() }()
	now, err := schema(admin)
	if err != nil {
		return "", false, err
	}
	full = name + "_schema" + now
	var n int
	err = admin.QueryRow("select count(*) from pg_database where datname = $1 and datallowconn", full).Scan(&n)
	return full, n == 1, err
}

// schema is the number of this version's schema.
func schema(db *sql.DB) (string, error) {
	steps, err := migrations.Status(ctx, db, "postgres")
	return strconv.Itoa(len(steps)), err
}

// rename keeps a database that was built, under its name.
func rename(server, dsn, name string) (string, error) {
	u, err := url.Parse(dsn)
	if err != nil {
		return "", err
	}
	admin, err := sql.Open("pgx", server)
	if err != nil {
		return "", err
	}
	defer func() { _ = admin.Close() }()
	if _, err := admin.Exec("alter database " + strings.TrimPrefix(u.Path, "/") + " rename to " + name); err != nil {
		return "", err
	}
	if _, err := admin.Exec("checkpoint"); err != nil {
		return "", err
	}
	return withName(server, name)
}

// reserved says that the numbers of copied cases are taken.
func reserved(dsn string, cases int) error {
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	_, err = db.Exec("update number_blocks set last = $1", cases+1)
	return err
}
