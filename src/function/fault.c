/* SPDX-License-Identifier: Apache-2.0 */
#include "function/fault.h"

#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

const char *fault_json(const struct fault *fault, struct arena *arena, size_t *ret_size)
{
    cJSON *json = cJSON_CreateObject();
    if (fault->type)
        cJSON_AddStringToObject(json, "errorType", fault->type);
    cJSON_AddStringToObject(json, "errorMessage", fault->message);
    char *printed = cJSON_PrintUnformatted(json);
    cJSON_Delete(json);
    if (!printed)
        abort(); // out of memory, as with arenas
    const char *text = arena_strdup(arena, printed);
    cJSON_free(printed);
    *ret_size = strlen(text);
    return text;
}
