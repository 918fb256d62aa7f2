/* SPDX-License-Identifier: Apache-2.0 */
/* Inputs at http:// and https:// URLs: taken as they stand, fetched without a signature. */
#include "s3/remote.h"
#include "s3/store.h"
#include "s3/target.h"

int web_open(const char *url, struct cancel *cancel, struct object_reader **ret, struct error *err)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct client *client = NULL;
    if (client_new(&client, &(struct client_options){0}, err) < 0)
        return -1;
    struct request request = {
        .method = "GET",
        .verb = "open",
        .uri = target_shown(arena, url),
        .url = url,
        .cancel = cancel,
    };
    return remote_open(ret, client, client, &request, err);
}
