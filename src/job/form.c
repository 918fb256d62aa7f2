/* SPDX-License-Identifier: Apache-2.0 */
/* What the text is: settings, bare or in a CreateJob request or in a GetJob answer; or a request
 * that stores a part of a job. */
#include "job/check.h"

struct form job_form(struct json *root)
{
    struct json *job = json_member(root, "Job"), *settings;
    if (job && (settings = json_member(job, "Settings")))
        return (struct form){FORM_ANSWER, job, settings};

    settings = json_member(root, "Settings");
    if (!settings)
        return (struct form){FORM_SETTINGS, NULL, root};
    if (json_member(root, "Arn") || json_member(root, "Status"))
        return (struct form){FORM_ANSWER, root, settings};
    return (struct form){FORM_REQUEST, root, settings};
}

static bool has_any(const struct json *object, const char *const *names)
{
    for (; *names; names++)
        if (json_member(object, *names))
            return true;
    return false;
}

const struct structure *job_stored_request(const struct json *root)
{
    static const char *const of_presets[] = {"AudioDescriptions", "CaptionDescriptions",
                                             "ContainerSettings", "VideoDescription", NULL};
    const struct json *settings = json_member(root, "Settings");
    if (json_member(root, "Job") || !json_member(root, "Name"))
        return NULL;
    if (!settings)
        return &create_queue_request_structure;
    return has_any(settings, of_presets) ? &create_preset_request_structure
                                         : &create_job_template_request_structure;
}
