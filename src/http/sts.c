/* SPDX-License-Identifier: Apache-2.0 */
/* STS: there is one account, and whoever gets in is its root. */
#include "http/iam.h"
#include "http/put_xml.h"
#include "http/service.h"

const struct action sts_actions[] = {
    {"GetCallerIdentity", sts_get_caller_identity},
    {0},
};

int sts_get_caller_identity(struct service *service, struct call *call, struct error *err)
{
    (void)err;
    const char *account = status_owner(service->status)->account;
    action_put_start(call);
    put_element(&call->reply, "Arn", arena_printf(call->arena, "arn:aws:iam::%s:root", account));
    put_element(&call->reply, "UserId", account);
    put_element(&call->reply, "Account", account);
    return action_put_end(call);
}
