/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of captions, those of an input and those of an output. */
#include <string.h>

#include "job/rules.h"

void rule_caption_selector_count(const struct scope *scope)
{
    const int most = 100;
    if (list_count(scope->input->CaptionSelectors) > most)
        refuse(scope, &scope->input->place, NULL, "Should have at most %d captionSelectors", most);
}

void rule_same_caption_selectors(const struct scope *scope)
{
    struct input **inputs = scope->job->Inputs;
    for (struct input **i = inputs; *i; i++) {
        int count = list_count((*i)->CaptionSelectors),
            first = list_count(inputs[0]->CaptionSelectors);
        if (count != first)
            refuse(scope, &(*i)->place, NULL,
                   "Should have as many captionSelectors as inputs/0, %d, not %d", first, count);
    }
}

void rule_caption_selector(const struct scope *scope)
{
    const struct caption_description *c = scope->caption;
    const char *name = c->CaptionSelectorName;
    if (!c->has_CaptionSelectorName)
        require(scope, &c->place, "CaptionSelectorName");
    else if (name && words_find(scope->captions, name, strlen(name)) < 0)
        warn(scope, &c->place, "CaptionSelectorName",
             "There will be no captions: no input has a caption selector \"%.200s\"", name);
}

/* The four font files stand together or not at all. */
struct fonts {
    const struct place *place;
    bool regular, bold, italic, bold_italic;
};

static void check_fonts(const struct scope *scope, const struct fonts *fonts)
{
    bool any = fonts->regular || fonts->bold || fonts->italic || fonts->bold_italic;
    bool all = fonts->regular && fonts->bold && fonts->italic && fonts->bold_italic;
    if (any && !all)
        refuse(scope, fonts->place, NULL, /* the service's own words */
               "You specified one or more custom font files in your output captions, but did not "
               "specify all required types: regular, bold, italic, and bold italic. To resolve: "
               "Specify each required custom font file type, or remove all custom font files. Then "
               "resubmit your job.");
}

#define FONTS(s)                                                                                   \
    (&(struct fonts){&(s)->place, (s)->has_FontFileRegular, (s)->has_FontFileBold,                 \
                     (s)->has_FontFileItalic, (s)->has_FontFileBoldItalic})

void rule_font_files(const struct scope *scope)
{
    const struct caption_destination_settings *s = scope->caption->DestinationSettings;
    if (s && s->BurninDestinationSettings)
        check_fonts(scope, FONTS(s->BurninDestinationSettings));
    if (s && s->DvbSubDestinationSettings)
        check_fonts(scope, FONTS(s->DvbSubDestinationSettings));
}

void rule_dvb_display(const struct scope *scope)
{
    const struct caption_destination_settings *s = scope->caption->DestinationSettings;
    const struct dvb_sub_destination_settings *d = s ? s->DvbSubDestinationSettings : NULL;
    if (!d || d->DdsHandling != DVBDDS_HANDLING_NONE)
        return;
    const struct {
        const char *member;
        bool given;
    } members[] = {{"DdsXCoordinate", d->has_DdsXCoordinate},
                   {"DdsYCoordinate", d->has_DdsYCoordinate},
                   {"Height", d->has_Height},
                   {"Width", d->has_Width}};
    for (size_t i = 0; i < COUNT(members); i++)
        if (members[i].given)
            refuse(scope, &d->place, members[i].member, "Needs a ddsHandling other than NONE");
}

/* CC1 and CC2 are in the first field of line 21, CC3 and CC4 in the second. */
void rule_embedded_channels(const struct scope *scope)
{
    bool fields[2] = {false}, services[7] = {false};
    for (struct caption_description **c = scope->output->CaptionDescriptions; *c; c++) {
        const struct caption_destination_settings *s = (*c)->DestinationSettings;
        const struct embedded_destination_settings *e = s ? s->EmbeddedDestinationSettings : NULL;
        if (!e)
            continue;
        int64_t channel = e->Destination608ChannelNumber, service = e->Destination708ServiceNumber;
        if (channel && fields[(channel - 1) / 2])
            refuse(scope, &e->place, "Destination608ChannelNumber",
                   "Should be in the other field: another channel is in that of CC%lld",
                   (long long)channel);
        if (service && services[service])
            refuse(scope, &e->place, "Destination708ServiceNumber",
                   "Should be different: %lld is taken", (long long)service);
        if (channel)
            fields[(channel - 1) / 2] = true;
        if (service)
            services[service] = true;
    }
}
