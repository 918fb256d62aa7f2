/* SPDX-License-Identifier: Apache-2.0 */
/* The versions of the database, as schema.sql tells them. */
#ifndef STATUS_SCHEMA_H
#define STATUS_SCHEMA_H

#include "status/statement.h"

/* schema.sql */
extern const unsigned char status_schema[];

/* Runs each "-- version N" of `schema` that the database has not seen, all in one transaction.
 * ERROR_CONFLICT: the database is newer than the schema. */
int schema_update(struct database *database, const char *schema, struct error *err) MUST_CHECK;

#endif
