@core @needs.exec
Feature: Environment variables
  A pod is born knowing the Services of its namespace that are older than it.
  Spec: https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables

  Rule: The variables MUST be named after the Service and its ports

    @env-01 @ENV-3 @ENV-7
    Scenario: dashes become underscores, and every named port has a variable
      Given this Service exists:
        """
        metadata: {name: my-nginx}
        spec:
          ports:
            - {name: http, port: 80, targetPort: 8080}
            - {name: secure-web, port: 443, targetPort: 8443}
        """
      When a Deployment "web" with 1 ready nginx-and-busybox pod joins
      Then every pod of "web" has the environment variables of "my-nginx"

  Rule: A pod MUST have the variables of its own namespace's older Services and of the API server's, and no others

    @env-02 @ENV-4 @ENV-9
    Scenario: the API server's variables are there, another namespace's are not
      Given the standing Service answers
      When a Deployment "web" with 1 ready nginx-and-busybox pod joins
      Then every pod of "web" has the environment variables of "kubernetes"
      But no pod of "web" has an environment variable of another namespace's Service

    @env-05 @ENV-10
    Scenario: a Service that was deleted before is not there
      Given a ClusterIP Service "old" with no ready backends
      And a ClusterIP Service "current" with no ready backends
      And the Service "old" is deleted
      When a Deployment "web" with 1 ready nginx-and-busybox pod joins
      Then every pod of "web" has the environment variables of "current"
      But no pod of "web" has an environment variable of "old"

    @env-03 @ENV-5
    Scenario: pods made anew learn of Services that their predecessors did not know
      Given a ClusterIP Service "web" with 1 ready nginx-and-busybox pod
      And a ClusterIP Service "late" with no ready backends
      And "web" is scaled to no backends
      When "web" is scaled to 1 backend
      Then within the convergence time "web" lists exactly 1 ready endpoint
      And every pod of "web" has the environment variables of "late"

  Rule: The variables alone MUST be enough to call the Service

    @env-04 @ENV-8
    Scenario: a pod calls the address that its variables tell
      Given a ClusterIP Service "echo" with 2 ready backends
      When a pod of "echo" opens 40 connections to the address in the variables of "echo"
      Then every connection is answered
      And only ready backends of "echo" answer
