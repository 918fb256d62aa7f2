/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of what is around the settings: of jobs, of the templates and presets that store a part of
 * one, and of queues. */
#include "job/check.h"
#include "job/rules.h"

struct request request_of(const struct structure *structure, const void *request)
{
    if (structure == &create_job_request_structure) {
        const struct create_job_request *r = request;
        return (struct request){.place = &r->place,
                                .hops = r->HopDestinations,
                                .tags = &r->Tags,
                                .metadata = &r->UserMetadata};
    }
    if (structure == &create_job_template_request_structure) {
        const struct create_job_template_request *r = request;
        return (struct request){.place = &r->place, .hops = r->HopDestinations, .tags = &r->Tags};
    }
    if (structure == &create_preset_request_structure) {
        const struct create_preset_request *r = request;
        return (struct request){.place = &r->place, .tags = &r->Tags};
    }
    const struct create_queue_request *r = request;
    return (struct request){.place = &r->place,
                            .tags = &r->Tags,
                            .reserved = r->PricingPlan == PRICING_PLAN_RESERVED,
                            .has_reservation = r->has_ReservationPlanSettings};
}

void rule_hop_destinations(const struct scope *scope)
{
    for (struct hop_destination **h = scope->request->hops; h && *h; h++)
        if (!(*h)->has_WaitMinutes)
            require(scope, &(*h)->place, "WaitMinutes");
}

static void check_pairs(const struct scope *scope, const char *member, const struct string_map *map,
                        int most)
{
    if (map->count > most)
        refuse(scope, scope->request->place, member, "Should have at most %d properties", most);
}

void rule_tag_count(const struct scope *scope)
{
    check_pairs(scope, "Tags", scope->request->tags, 50);
}

void rule_user_metadata(const struct scope *scope)
{
    const int most_pairs = 10, most_in_key = 128, most_in_value = 256;
    const struct string_map *map = scope->request->metadata;
    if (!map)
        return;
    check_pairs(scope, "UserMetadata", map, most_pairs);
    for (int i = 0; i < map->count; i++) {
        if (json_utf8_count(map->keys[i]) > most_in_key)
            refuse(scope, scope->request->place, "UserMetadata",
                   "Should NOT have keys longer than %d characters", most_in_key);
        if (json_utf8_count(map->values[i]) > most_in_value)
            refuse(scope, scope->request->place, "UserMetadata",
                   "Should NOT have values longer than %d characters", most_in_value);
    }
}

void rule_reservation(const struct scope *scope)
{
    if (scope->request->reserved && !scope->request->has_reservation)
        require(scope, scope->request->place, "ReservationPlanSettings");
}
