@extended @needs.exec
Feature: Services that are not the cluster's to proxy
  A label takes a Service away from the cluster's own service proxy; its pods stay where they are.
  Spec: https://kubernetes.io/docs/reference/labels-annotations-taints/#servicekubernetesioservice-proxy-name

  Rule: A Service that is labelled for another proxy, or as headless, MUST be left alone

    @hl-09 @PL-1 @PL-2
    Scenario Outline: nobody answers at the cluster IP of <service>, though its pods answer
      Given this Service exists:
        """
        metadata: {name: echo, labels: {<label>}}
        spec: {selector: {app: echo}, ports: [{port: 80, targetPort: 8080}]}
        """
      And a Deployment "echo" with 1 ready backend
      When a pod opens 20 connections to the address of every pod of "echo"
      Then every connection is answered
      But within the convergence time a pod is not answered at the cluster IP of "echo"

      Examples:
        | service                             | label                                           |
        | another proxy's Service             | service.kubernetes.io/service-proxy-name: other |
        | a Service that is labelled headless | service.kubernetes.io/headless: ""              |
