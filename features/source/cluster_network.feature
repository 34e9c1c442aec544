@source @core
Feature: Pods that talk to pods
  A pod reaches the pods of a Deployment through their Service, by its name alone.
  Spec: https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/

  Rule: A Service MUST be reachable by its short name from every pod of its namespace

    @src-02 @DNS-1 @SYS-5 @needs.exec @needs.dns
    Scenario: a pod fetches the page by the Service's short name
      Given a Deployment "web" with 2 ready nginx pods
      When "web" is exposed by a NodePort Service
      Then a busybox pod gets the sample page at "web"
