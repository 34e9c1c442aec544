@core
Feature: A Service whose backends are scaled
  The number of backends is the Deployment's business: the Service stays what it is and follows.
  Spec: https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#scaling-a-deployment

  Rule: Scaling MUST leave the Service as it was

    @cip-29 @SC-5
    Scenario Outline: scaled to <count> the Service is as it was
      Given a NodePort Service "web" with 2 ready backends
      When "web" is scaled to <count>
      Then within the convergence time "web" lists exactly <listed>
      And "web" is as it was

      Examples:
        | count       | listed             |
        | 3 backends  | 3 ready endpoints  |
        | no backends | no ready endpoints |

  Rule: Applying a manifest with another number of replicas MUST have the same outcome as scaling

    @cip-30 @SC-15 @SC-5
    Scenario Outline: the manifest is applied with <count>
      Given a NodePort Service "web" with 2 ready backends
      When the manifest of "web" is applied with <count>
      Then within the convergence time "web" lists exactly <listed>
      And "web" is as it was

      Examples:
        | count      | listed            |
        | 3 backends | 3 ready endpoints |
        | 1 backend  | 1 ready endpoint  |
