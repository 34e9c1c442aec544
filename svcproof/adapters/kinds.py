"""Where each kind of object lives in the Kubernetes API: group, version, plural, and whether it has a namespace."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Resource:
    """One kind's place; *group_version* is "v1" for the core group, else "group/version"."""

    group_version: str
    kind: str
    plural: str
    namespaced: bool

    def path(self, namespace: str = "", name: str = "", subresource: str = "") -> str:
        """Return the URL path of the collection, of one object, or of its subresource."""
        prefix = f"/api/{self.group_version}" if "/" not in self.group_version else f"/apis/{self.group_version}"
        within = f"/namespaces/{namespace}" if self.namespaced and namespace else ""
        return prefix + within + "/".join(["", self.plural, *filter(None, (name, subresource))])


_TABLE = """
v1                              ConfigMap                       configmaps                        namespaced
v1                              Endpoints                       endpoints                         namespaced
v1                              Event                           events                            namespaced
v1                              LimitRange                      limitranges                       namespaced
v1                              Namespace                       namespaces                        cluster
v1                              Node                            nodes                             cluster
v1                              Pod                             pods                              namespaced
v1                              ResourceQuota                   resourcequotas                    namespaced
v1                              Secret                          secrets                           namespaced
v1                              Service                         services                          namespaced
v1                              ServiceAccount                  serviceaccounts                   namespaced
admissionregistration.k8s.io/v1 MutatingWebhookConfiguration    mutatingwebhookconfigurations     cluster
admissionregistration.k8s.io/v1 ValidatingAdmissionPolicy       validatingadmissionpolicies       cluster
admissionregistration.k8s.io/v1 ValidatingAdmissionPolicyBinding validatingadmissionpolicybindings cluster
admissionregistration.k8s.io/v1 ValidatingWebhookConfiguration  validatingwebhookconfigurations   cluster
apiextensions.k8s.io/v1         CustomResourceDefinition        customresourcedefinitions         cluster
apiregistration.k8s.io/v1       APIService                      apiservices                       cluster
apps/v1                         DaemonSet                       daemonsets                        namespaced
apps/v1                         Deployment                      deployments                       namespaced
apps/v1                         ReplicaSet                      replicasets                       namespaced
apps/v1                         StatefulSet                     statefulsets                      namespaced
authorization.k8s.io/v1         SelfSubjectAccessReview         selfsubjectaccessreviews          cluster
batch/v1                        Job                             jobs                              namespaced
coordination.k8s.io/v1          Lease                           leases                            namespaced
discovery.k8s.io/v1             EndpointSlice                   endpointslices                    namespaced
networking.k8s.io/v1            IPAddress                       ipaddresses                       cluster
networking.k8s.io/v1            Ingress                         ingresses                         namespaced
networking.k8s.io/v1            IngressClass                    ingressclasses                    cluster
networking.k8s.io/v1            NetworkPolicy                   networkpolicies                   namespaced
networking.k8s.io/v1            ServiceCIDR                     servicecidrs                      cluster
policy/v1                       PodDisruptionBudget             poddisruptionbudgets              namespaced
rbac.authorization.k8s.io/v1    ClusterRole                     clusterroles                      cluster
rbac.authorization.k8s.io/v1    ClusterRoleBinding              clusterrolebindings               cluster
rbac.authorization.k8s.io/v1    Role                            roles                             namespaced
rbac.authorization.k8s.io/v1    RoleBinding                     rolebindings                      namespaced
storage.k8s.io/v1               StorageClass                    storageclasses                    cluster
"""

KNOWN: dict[str, Resource] = {
    kind: Resource(group_version, kind, plural, scope == "namespaced")
    for group_version, kind, plural, scope in map(str.split, _TABLE.strip().splitlines())
}
"""The kinds the suite names itself; every other kind is found by asking the API server."""
