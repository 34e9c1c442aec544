@extended @needs.exec
Feature: Services that are not the cluster's to proxy
  A label takes a Service away from the cluster's own service proxy; its pods stay where they are.
  Spec: https://kubernetes.io/docs/reference/labels-annotations-taints/#servicekubernetesioservice-proxy-name

  Rule: A Service with such a label MUST be left alone

    @hl-09 @PL-1
    Scenario: nobody answers at the cluster IP of another proxy's Service, though its pods answer
      Given this Service exists:
        """
        metadata: {name: echo, labels: {service.kubernetes.io/service-proxy-name: other}}
        spec: {selector: {app: echo}, ports: [{port: 80, targetPort: 8080}]}
        """
      And a Deployment "echo" with 1 ready backend
      When a pod opens 20 connections to the address of every pod of "echo"
      Then every connection is answered
      But within the convergence time a pod is not answered at the cluster IP of "echo"

  Rule: Endpoints that are labelled headless MUST NOT be proxied

    @hl-13 @PL-2
    Scenario: nobody answers at the cluster IP once the EndpointSlice is labelled headless, though its pods answer
      Given this Service exists:
        """
        metadata: {name: echo}
        spec: {ports: [{port: 80, targetPort: 8080}]}
        """
      And a Deployment "echo" with 1 ready backend
      And the EndpointSlice "by-hand" of "echo" lists the backends of "echo" at port 8080
      And a pod is answered at the cluster IP of "echo"
      When the EndpointSlice "by-hand" is updated with:
        """
        metadata: {labels: {service.kubernetes.io/headless: ""}}
        """
      Then it is accepted
      And within the convergence time a pod is not answered at the cluster IP of "echo"
      But within the convergence time a pod is answered at the address of every pod of "echo"
