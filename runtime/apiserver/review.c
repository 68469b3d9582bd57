// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * review.c - "may I?" and "who am I?": whoever gets in may do everything
 */
#include <string.h>

#include "apiserver/serve.h"
#include "cluster/jsonutil.h"

#define AUTHORIZATION  "authorization.k8s.io"
#define AUTHENTICATION "authentication.k8s.io"

static json_t *allowed(void)
{
	return json_pack("{s:b}", "allowed", 1);
}

static json_t *rules(void)
{
	return json_pack("{s:[{s:[s], s:[s], s:[s]}], s:[{s:[s], s:[s]}], s:b}", "resourceRules", "verbs", "*",
	                 "apiGroups", "*", "resources", "*", "nonResourceRules", "verbs", "*", "nonResourceURLs", "*",
	                 "incomplete", 0);
}

static json_t *user(void)
{
	return json_pack("{s:{s:s, s:[s, s]}}", "userInfo", "username", "kubernetes-admin", "groups", "system:masters",
	                 "system:authenticated");
}

static const struct {
	const char *group, *plural, *kind;
	json_t *(*status)(void);
} reviews[] = {
	{ AUTHORIZATION, "selfsubjectaccessreviews", "SelfSubjectAccessReview", allowed },
	{ AUTHORIZATION, "subjectaccessreviews", "SubjectAccessReview", allowed },
	{ AUTHORIZATION, "localsubjectaccessreviews", "LocalSubjectAccessReview", allowed },
	{ AUTHORIZATION, "selfsubjectrulesreviews", "SelfSubjectRulesReview", rules },
	{ AUTHENTICATION, "selfsubjectreviews", "SelfSubjectReview", user },
};

bool review_serve(struct call *c, const char *group, const char *plural)
{
	size_t i = 0;
	json_t *body, *spec;
	char version[64];

	while (i < ARRAY_SIZE(reviews) &&
	       (strcmp(reviews[i].group, group) != 0 || strcmp(reviews[i].plural, plural) != 0))
		i++;
	if (i == ARRAY_SIZE(reviews) || strcmp(c->t.version, "v1") != 0)
		return false;
	if (strcmp(c->rq->method, "POST") != 0) {
		fail_method(c->reply);
		return true;
	}
	/* the answer does not depend on the question, not even on whether it can be read */
	body = json_loadb(c->rq->body ? c->rq->body : "", c->rq->body_len, 0, NULL);
	spec = json_object_get(body, "spec");
	(void)snprintf(version, sizeof(version), "%s/v1", group);
	api_json(c->reply, 201,
	         json_pack("{s:s, s:s, s:{s:n}, s:o, s:o}", "kind", reviews[i].kind, "apiVersion", version, "metadata",
	                   "creationTimestamp", "spec", spec ? json_incref(spec) : json_object(), "status",
	                   reviews[i].status()));
	json_decref(body);
	return true;
}
