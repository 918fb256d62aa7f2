/* SPDX-License-Identifier: Apache-2.0 */
/* What the kinds of groups have in common, and the rules about it: segments, further manifests,
 * pictures for trick play, keys. */
#include <string.h>

#include "job/rules.h"

/* These read members of the same names in the settings of different kinds. */
#define LIST_MANIFESTS(arena, package, s)                                                          \
    do {                                                                                           \
        int count_ = list_count((s)->AdditionalManifests);                                         \
        (package)->manifests = ARENA_ARRAY(arena, struct manifest, count_);                        \
        (package)->manifest_count = count_;                                                        \
        for (int i_ = 0; i_ < count_; i_++)                                                        \
            (package)->manifests[i_] =                                                             \
                (struct manifest){&(s)->AdditionalManifests[i_]->place,                            \
                                  (s)->AdditionalManifests[i_]->ManifestNameModifier,              \
                                  (s)->AdditionalManifests[i_]->SelectedOutputs};                  \
    } while (0)

#define TRICK_PLAY(t, UPPER)                                                                       \
    ((struct trick_play){&(t)->place,                                                              \
                         (t)->has_IntervalCadence &&                                               \
                             (t)->IntervalCadence == UPPER##_INTERVAL_CADENCE_FOLLOW_SEGMENTATION, \
                         (t)->ThumbnailWidth, (t)->ThumbnailHeight, (t)->TileWidth,                \
                         (t)->TileHeight, (t)->has_TileWidth, (t)->has_TileHeight})

#define LIST_PICTURES(arena, package, s, UPPER)                                                    \
    do {                                                                                           \
        int count_ = list_count((s)->ImageBasedTrickPlayVariants), at_ = 0;                        \
        (package)->has_pictures = (s)->has_ImageBasedTrickPlaySettings;                            \
        (package)->has_picture_variants = count_ > 0;                                              \
        (package)->reads_pictures =                                                                \
            (s)->ImageBasedTrickPlay == UPPER##_IMAGE_BASED_TRICK_PLAY_ADVANCED;                   \
        (package)->reads_picture_variants =                                                        \
            (s)->ImageBasedTrickPlay == UPPER##_IMAGE_BASED_TRICK_PLAY_VARIANTS;                   \
        (package)->pictures = ARENA_ARRAY(arena, struct trick_play, count_ + 1);                   \
        if ((s)->ImageBasedTrickPlaySettings)                                                      \
            (package)->pictures[at_++] = TRICK_PLAY((s)->ImageBasedTrickPlaySettings, UPPER);      \
        for (int i_ = 0; i_ < count_; i_++)                                                        \
            (package)->pictures[at_++] = TRICK_PLAY((s)->ImageBasedTrickPlayVariants[i_], UPPER);  \
        (package)->picture_count = at_;                                                            \
    } while (0)

#define DESTINATION(s)                                                                             \
    .place = &(s)->place, .destination = (s)->Destination,                                         \
    .destination_settings = (s)->DestinationSettings

#define KEYS(package, e, UPPER)                                                                    \
    do {                                                                                           \
        (package)->encryption = &(e)->place;                                                       \
        (package)->by_speke = (e)->has_Type && (e)->Type == UPPER##_KEY_PROVIDER_TYPE_SPEKE;       \
        (package)->by_static_key =                                                                 \
            (e)->has_Type && (e)->Type == UPPER##_KEY_PROVIDER_TYPE_STATIC_KEY;                    \
        (package)->has_static_key = (e)->has_StaticKeyProvider;                                    \
        SPEKE(package, e);                                                                         \
    } while (0)

#define SPEKE(package, e)                                                                          \
    do {                                                                                           \
        (package)->has_speke = (e)->has_SpekeKeyProvider;                                          \
        if ((e)->SpekeKeyProvider)                                                                 \
            (package)->contract = (e)->SpekeKeyProvider->EncryptionContractConfiguration;          \
    } while (0)

static struct package hls_package(struct arena *arena, const struct hls_group_settings *s)
{
    struct package package = {DESTINATION(s), .segment = s->SegmentLength,
                              .final_segment = s->MinFinalSegmentLength};
    LIST_MANIFESTS(arena, &package, s);
    LIST_PICTURES(arena, &package, s, HLS);
    if (s->Encryption) {
        KEYS(&package, s->Encryption, HLS);
        package.speke = s->Encryption->SpekeKeyProvider;
    }
    return package;
}

static struct package cmaf_package(struct arena *arena, const struct cmaf_group_settings *s)
{
    struct package package = {DESTINATION(s),
                              .segment = s->SegmentLength,
                              .fragment = s->FragmentLength,
                              .final_segment = s->MinFinalSegmentLength,
                              .on_demand = s->has_MpdProfile &&
                                           s->MpdProfile == CMAF_MPD_PROFILE_ON_DEMAND_PROFILE,
                              .single_file = s->has_SegmentControl &&
                                             s->SegmentControl == CMAF_SEGMENT_CONTROL_SINGLE_FILE};
    LIST_MANIFESTS(arena, &package, s);
    LIST_PICTURES(arena, &package, s, CMAF);
    if (s->Encryption) {
        KEYS(&package, s->Encryption, CMAF);
        package.speke_cmaf = s->Encryption->SpekeKeyProvider;
    }
    return package;
}

static struct package dash_package(struct arena *arena, const struct dash_iso_group_settings *s)
{
    struct package package = {
        DESTINATION(s),
        .segment = s->SegmentLength,
        .fragment = s->FragmentLength,
        .final_segment = s->MinFinalSegmentLength,
        .on_demand = s->has_MpdProfile && s->MpdProfile == DASH_ISO_MPD_PROFILE_ON_DEMAND_PROFILE,
        .single_file =
            s->has_SegmentControl && s->SegmentControl == DASH_ISO_SEGMENT_CONTROL_SINGLE_FILE};
    LIST_MANIFESTS(arena, &package, s);
    LIST_PICTURES(arena, &package, s, DASH_ISO);
    if (s->Encryption) {
        package.encryption = &s->Encryption->place;
        SPEKE(&package, s->Encryption);
        package.speke = s->Encryption->SpekeKeyProvider;
    }
    return package;
}

static struct package smooth_package(struct arena *arena, const struct ms_smooth_group_settings *s)
{
    struct package package = {DESTINATION(s), .fragment = s->FragmentLength};
    LIST_MANIFESTS(arena, &package, s);
    if (s->Encryption) {
        package.encryption = &s->Encryption->place;
        SPEKE(&package, s->Encryption);
        package.speke = s->Encryption->SpekeKeyProvider;
    }
    return package;
}

struct package package_of(struct arena *arena, const struct output_group *group)
{
    const struct output_group_settings *s = group->OutputGroupSettings;
    int kind = group_kind(group);
    if (kind == GROUP_HLS && s->HlsGroupSettings)
        return hls_package(arena, s->HlsGroupSettings);
    if (kind == GROUP_CMAF && s->CmafGroupSettings)
        return cmaf_package(arena, s->CmafGroupSettings);
    if (kind == GROUP_DASH && s->DashIsoGroupSettings)
        return dash_package(arena, s->DashIsoGroupSettings);
    if (kind == GROUP_SMOOTH && s->MsSmoothGroupSettings)
        return smooth_package(arena, s->MsSmoothGroupSettings);
    if (kind == GROUP_FILE && s->FileGroupSettings)
        return (struct package){DESTINATION(s->FileGroupSettings)};
    return (struct package){0};
}

void rule_lengths_given(const struct scope *scope)
{
    const struct output_group_settings *s = scope->group->OutputGroupSettings;
    const struct hls_group_settings *hls =
        group_kind(scope->group) == GROUP_HLS ? s->HlsGroupSettings : NULL;
    const struct dash_iso_group_settings *dash =
        group_kind(scope->group) == GROUP_DASH ? s->DashIsoGroupSettings : NULL;
    if (hls && !hls->has_MinSegmentLength)
        require(scope, &hls->place, "MinSegmentLength");
    if (dash && !dash->has_FragmentLength)
        require(scope, &dash->place, "FragmentLength");
}

void rule_final_segment(const struct scope *scope)
{
    const struct package *p = scope->package;
    if (!p->place || p->final_segment == 0)
        return;
    if (p->final_segment < 1)
        refuse(scope, p->place, "MinFinalSegmentLength",
               "Should be 0, or greater than or equal to 1");
    if (p->final_segment >= (double)p->segment)
        refuse(scope, p->place, "MinFinalSegmentLength",
               "Should be less than %lld, the segmentLength", (long long)p->segment);
}

void rule_fragment_in_segment(const struct scope *scope)
{
    const struct package *p = scope->package;
    if (p->segment && p->fragment > p->segment)
        warn(scope, p->place, "FragmentLength", "Is longer than the segmentLength, %lld",
             (long long)p->segment);
    else if (p->segment && p->fragment && p->segment % p->fragment)
        warn(scope, p->place, "FragmentLength",
             "Does not divide the segmentLength, %lld: segments end in a shorter fragment",
             (long long)p->segment);
}

void rule_on_demand(const struct scope *scope)
{
    const struct package *p = scope->package;
    if (p->on_demand && !p->single_file)
        refuse(scope, p->place, "SegmentControl", "Must be SINGLE_FILE: mpdProfile is on-demand");
}

void rule_manifest_modifiers(const struct scope *scope)
{
    const int most = 10;
    const struct package *p = scope->package;
    struct words *seen = words_new(scope->arena, p->manifest_count);
    if (p->manifest_count > most)
        refuse(scope, p->place, "AdditionalManifests", "Should have at most %d items", most);
    for (int i = 0; i < p->manifest_count; i++) {
        const struct manifest *m = &p->manifests[i];
        int other;
        if (!m->modifier)
            require(scope, m->place, "ManifestNameModifier");
        else if ((other = words_add(seen, m->modifier, strlen(m->modifier), i)) >= 0)
            refuse(scope, m->place, "ManifestNameModifier",
                   "Should differ from the one of additionalManifests/%d", other);
    }
}

/* The NameModifiers of the group's outputs. */
static struct words *modifiers_of(const struct scope *scope)
{
    struct output **outputs = scope->group->Outputs;
    struct words *words = words_new(scope->arena, list_count(outputs));
    for (int i = 0; outputs[i]; i++)
        if (outputs[i]->NameModifier)
            words_add(words, outputs[i]->NameModifier, strlen(outputs[i]->NameModifier), i);
    return words;
}

void rule_selected_outputs(const struct scope *scope)
{
    const struct package *p = scope->package;
    if (!p->manifest_count)
        return;
    struct words *modifiers = modifiers_of(scope);
    for (int i = 0; i < p->manifest_count; i++) {
        const struct manifest *m = &p->manifests[i];
        const char *const *names = m->outputs.items;
        for (int j = 0; j < m->outputs.count; j++)
            if (names[j] && words_find(modifiers, names[j], strlen(names[j])) < 0)
                refuse(scope, m->place, "SelectedOutputs",
                       "\"%.200s\" is the nameModifier of no output in this group", names[j]);
    }
}

void rule_manifest_and_output(const struct scope *scope)
{
    const struct package *p = scope->package;
    if (!p->manifest_count || group_kind(scope->group) != GROUP_HLS)
        return;
    struct words *modifiers = modifiers_of(scope);
    for (int i = 0; i < p->manifest_count; i++) {
        const struct manifest *m = &p->manifests[i];
        int output = m->modifier ? words_find(modifiers, m->modifier, strlen(m->modifier)) : -1;
        if (output >= 0)
            refuse(scope, m->place, "ManifestNameModifier",
                   "Should differ from the nameModifier of outputs/%d", output);
    }
}

void rule_trick_play_settings(const struct scope *scope)
{
    const struct package *p = scope->package;
    if (p->has_pictures && !p->reads_pictures)
        warn(scope, p->place, "ImageBasedTrickPlaySettings",
             "Is not read: imageBasedTrickPlay is not ADVANCED");
    if (p->has_picture_variants && !p->reads_picture_variants)
        warn(scope, p->place, "ImageBasedTrickPlayVariants",
             "Is not read: imageBasedTrickPlay is not VARIANTS");
}

void rule_trick_play_size(const struct scope *scope)
{
    for (int i = 0; i < scope->package->picture_count; i++) {
        const struct trick_play *t = &scope->package->pictures[i];
        if (t->width % 8)
            refuse(scope, t->place, "ThumbnailWidth", "Should be a multiple of 8");
        if (t->height % 2)
            refuse(scope, t->place, "ThumbnailHeight", "Should be a multiple of 2");
        if (t->height * t->rows > 4096)
            refuse(scope, t->place, "TileHeight", "Makes images of %lld lines, 4096 are allowed",
                   (long long)(t->height * t->rows));
    }
}

void rule_trick_play_tiles(const struct scope *scope)
{
    for (int i = 0; i < scope->package->picture_count; i++) {
        const struct trick_play *t = &scope->package->pictures[i];
        static const char *const must = "Must be 1: intervalCadence is FOLLOW_SEGMENTATION";
        if (t->follows_segments && t->has_columns && t->columns != 1)
            refuse(scope, t->place, "TileWidth", "%s", must);
        if (t->follows_segments && t->has_rows && t->rows != 1)
            refuse(scope, t->place, "TileHeight", "%s", must);
    }
}

void rule_key_provider(const struct scope *scope)
{
    const struct package *p = scope->package;
    if (p->by_speke && !p->has_speke)
        require(scope, p->encryption, "SpekeKeyProvider");
    if (p->by_static_key && !p->has_static_key)
        require(scope, p->encryption, "StaticKeyProvider");
    if (p->by_speke && p->has_static_key)
        warn(scope, p->encryption, "StaticKeyProvider", "Is not read: type is SPEKE");
    if (p->by_static_key && p->has_speke)
        warn(scope, p->encryption, "SpekeKeyProvider", "Is not read: type is STATIC_KEY");
}

void rule_speke_presets(const struct scope *scope)
{
    const struct encryption_contract_configuration *c = scope->package->contract;
    if (!c)
        return;
    bool audio = c->has_SpekeAudioPreset && c->SpekeAudioPreset == PRESET_SPEKE20_AUDIO_SHARED;
    bool video = c->has_SpekeVideoPreset && c->SpekeVideoPreset == PRESET_SPEKE20_VIDEO_SHARED;
    if (!c->has_SpekeAudioPreset)
        require(scope, &c->place, "SpekeAudioPreset");
    if (!c->has_SpekeVideoPreset)
        require(scope, &c->place, "SpekeVideoPreset");
    if (audio && c->has_SpekeVideoPreset && !video)
        refuse(scope, &c->place, "SpekeVideoPreset", "Must be SHARED, as spekeAudioPreset is");
    if (video && c->has_SpekeAudioPreset && !audio)
        refuse(scope, &c->place, "SpekeAudioPreset", "Must be SHARED, as spekeVideoPreset is");
}

static void check_count(const struct scope *scope, const struct place *place, const char *member,
                        const struct string_list *list, int most)
{
    if (list->count > most)
        refuse(scope, place, member, "Should have at most %d items", most);
}

void rule_system_ids(const struct scope *scope)
{
    const struct speke_key_provider *speke = scope->package->speke;
    const struct speke_key_provider_cmaf *cmaf = scope->package->speke_cmaf;
    int kind = group_kind(scope->group);
    if (speke)
        check_count(scope, &speke->place, "SystemIds", &speke->SystemIds,
                    kind == GROUP_HLS    ? 3
                    : kind == GROUP_DASH ? 2
                                         : 1);
    if (cmaf) {
        check_count(scope, &cmaf->place, "DashSignaledSystemIds", &cmaf->DashSignaledSystemIds, 3);
        check_count(scope, &cmaf->place, "HlsSignaledSystemIds", &cmaf->HlsSignaledSystemIds, 3);
    }
}
