/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who gets in.
 *
 * With a key configured, a call must be signed with it: Signature Version 4, in its Authorization
 * header or in its query, for the service that it calls in any region, within a quarter of an
 * hour, over the Host header and the body.
 *
 * Without one, only this machine can connect, and the danger is a web page that is open in a
 * browser on it. No page can send what every SDK sends: an Authorization header (a page would
 * have to be given leave first, which it is not) to a Host that is this machine (which keeps out a
 * page whose own name has been made to point here). So these two are asked for, with any key.
 *
 * In both cases whatever says that it comes from another site is turned away, and what is signed
 * for another service than it calls.
 *
 * Webhooks cannot sign: theirs is a token of their own, in the Authorization header ("Bearer TOKEN"
 * or just the token) or as the query parameter `token`.
 */
#ifndef HTTP_AUTH_H
#define HTTP_AUTH_H

#include <stdbool.h>

#include "http/call.h"

struct auth {
    const char *access_key, *secret_key; /* NULL: none is configured */
    const char *token;                   /* of webhooks; NULL: none is configured */
    int64_t now_us;                      /* the time to compare with, for tests; 0: the clock's */
};

/* Before the body is read. False: refused. */
bool auth_admits(const struct auth *auth, struct call *call);

/* With the body. False: refused. */
bool auth_verifies(const struct auth *auth, struct call *call);

/* The service that the call says to be signed for; NULL if it does not say. In the call's arena. */
const char *auth_service(struct call *call);

/* Whether a Host or a URL's authority, "localhost:4580", names this machine and nothing else. */
bool auth_host_is_local(const char *authority);

#endif
