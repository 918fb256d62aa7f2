/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/store.h"

#include <stddef.h>

#include "s3/credentials.h"

const char *store_endpoint(const struct store_arguments *arguments)
{
    if (arguments->endpoint || arguments->folder)
        return arguments->endpoint;
    const char *for_s3 = environment("AWS_ENDPOINT_URL_S3");
    return for_s3 ? for_s3 : environment("AWS_ENDPOINT_URL");
}

const char *store_place(const struct store_arguments *arguments)
{
    const char *endpoint = store_endpoint(arguments);
    return endpoint ? endpoint : arguments->folder ? arguments->folder : STORAGE_DEFAULT;
}

int store_open(struct storage **ret, const struct store_arguments *arguments, struct error *err)
{
    struct s3_options s3 = {store_endpoint(arguments), arguments->virtual_host};
    if (arguments->endpoint && arguments->folder)
        return error_set(err, ERROR_BAD_REQUEST, "give --storage or --s3-endpoint, not both");
    return s3.endpoint ? storage_open_s3(ret, &s3, err)
                       : storage_open_folder(ret, store_place(arguments), err);
}
