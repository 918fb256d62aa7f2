/* SPDX-License-Identifier: Apache-2.0 */
#include "http/action.h"

#include <string.h>

#include "http/put_xml.h"
#include "http/route.h"

static const struct action *find(const struct action *actions, const char *name)
{
    for (; name && actions->name; actions++)
        if (strcmp(actions->name, name) == 0)
            return actions;
    return NULL;
}

/* A NUL in the body would end it; it is no form then. */
static bool read_form(struct call *call)
{
    char *rest = arena_strndup(call->arena, call->body ? call->body : "", call->body_size);
    if (strlen(rest) != call->body_size)
        return call_refuse(call, 400, "the body is no form"), false;
    int count = 1;
    for (const char *c = rest; *c; c++)
        count += *c == '&';
    if (count > CALL_FORM_MAX)
        return call_refuse(call, 400, "more than %d parameters", CALL_FORM_MAX), false;
    call->form = ARENA_ARRAY(call->arena, struct field, count);
    for (char *pair; (pair = strsep(&rest, "&"));) {
        char *value = strchr(pair, '=');
        if (!*pair)
            continue;
        if (value)
            *value++ = '\0';
        uri_decode_form(pair);
        if (value)
            uri_decode_form(value);
        call->form[call->form_count++] = (struct field){pair, value ? value : ""};
    }
    return true;
}

static bool find_in_form(struct call *call)
{
    if (!read_form(call))
        return false;
    const char *name = call_form(call, "Action"), *version = call_form(call, "Version");
    bool known = version && strcmp(version, call->api->version) == 0;
    call->action = known ? find(call->route->actions, name) : NULL;
    if (call->action)
        return true;
    if (!name)
        return call_refuse_as(call, 400, "MissingAction", "the form has no Action"), false;
    (void)call_refuse_as(call, 400, "InvalidAction",
                         "Could not find operation %.80s for version %.40s", name,
                         version ? version : "NO_VERSION_SPECIFIED");
    return false;
}

static bool find_in_header(struct call *call)
{
    const char *target = call_header(call, "X-Amz-Target");
    size_t length = strlen(call->api->target);
    bool ours = target && strncmp(target, call->api->target, length) == 0;
    call->action = ours ? find(call->route->actions, target + length) : NULL;
    if (!call->action)
        (void)call_refuse_as(call, 400, "UnknownOperationException",
                             "there is no operation '%.80s'", target ? target : "");
    return call->action != NULL;
}

bool action_find(struct call *call)
{
    return call->api->target ? find_in_header(call) : find_in_form(call);
}

void action_put_start(struct call *call)
{
    put_start_in(&call->reply, arena_printf(call->arena, "%sResponse", call->action->name),
                 call->api->space);
    put_start(&call->reply, arena_printf(call->arena, "%sResult", call->action->name));
}

void action_put_metadata(struct call *call)
{
    put_start(&call->reply, "ResponseMetadata");
    put_element(&call->reply, "RequestId", call->id);
    put_end(&call->reply, "ResponseMetadata");
}

int action_put_end(struct call *call)
{
    put_end(&call->reply, arena_printf(call->arena, "%sResult", call->action->name));
    action_put_metadata(call);
    put_end(&call->reply, arena_printf(call->arena, "%sResponse", call->action->name));
    return 0;
}
